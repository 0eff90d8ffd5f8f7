using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Revocation;

namespace Touchstone.Server.Tests.Admin;

/// <summary>What a token was made from ends it too (design.md §3, invariant 2).</summary>
public sealed class AncestorsTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task L12_Ending_a_parent_ends_its_descendants_and_no_other()
    {
        var parent = await acme.TokenAsync();
        var child = await IssueAsync(parent);
        var grandchild = await IssueAsync(child);
        var (other, brother) = (await acme.TokenAsync(), await IssueAsync(parent));
        (await acme.Admin.LookUpAsync(grandchild)).GetProperty("record").GetProperty("ancestors").EnumerateArray().Select(hash => hash.GetString()).ShouldBe([Hash(child), Hash(parent)]);
        foreach (var token in (string[])[parent, child, grandchild, other, brother]) (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();

        await acme.Admin.RevokeAsync(child);
        foreach (var token in (string[])[child, grandchild]) (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
        foreach (var token in (string[])[parent, other, brother]) (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();

        await acme.OAuth.RevokeAsync(parent, acme.Shop);
        (await acme.OAuth.IntrospectAsync(brother, acme.Orders)).ShouldBeInactive();
        (await acme.Admin.LookUpAsync(brother)).GetProperty("revocation").GetProperty("selector").GetString().ShouldBe("token:" + Hash(parent));
    }

    [Theory]
    [InlineData("token")]
    [InlineData("sub")]
    [InlineData("session")]
    public async Task L12_A_child_of_an_ended_parent_is_refused(string selector)
    {
        var name = "of-" + selector;
        var parent = await acme.Admin.IssueAsync(new { client_id = "web-shop", sub = name, session = name, aud = Acme.OrdersApi });
        await acme.Admin.PostAsync(AdminCalls.Revocations, new Dictionary<string, string> { [selector] = selector == "token" ? parent : name });
        var refused = (await PostAsync([Hash(parent)])).ShouldBeProblem(400);
        refused.Faults().ShouldBe(["ancestors"]);
        refused.GetProperty("errors")[0].GetProperty("detail").GetString().ShouldBe("one of them is revoked");
    }

    [Theory]
    [InlineData("sub")]
    [InlineData("session")]
    [InlineData("grant")]
    [InlineData("tenant")]
    [InlineData("client_id")]
    [InlineData("jti")]
    public async Task L12_What_ends_a_parent_ends_its_children(string selector)
    {
        var name = "parent-" + selector;
        await acme.Admin.AddClientAsync(new { client_id = name, kind = "client" });
        var parent = await acme.Admin.IssueAsync(new { client_id = name, sub = name, session = name, grant = name, tenant = name, jti = name });
        var child = await IssueAsync(parent);
        var grandchild = await IssueAsync(child);
        var other = await acme.TokenAsync();
        foreach (var token in (string[])[child, grandchild]) (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
        (await acme.Admin.PostAsync(AdminCalls.Revocations, new Dictionary<string, string> { [selector] = name })).Status.ShouldBe(200);
        foreach (var token in (string[])[child, grandchild]) (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(other, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task L12_What_could_end_the_parents_is_bounded()
    {
        var parents = new List<string>();
        for (var i = 0; i < 9; i++) parents.Add(Hash(await acme.Admin.IssueAsync(new { client_id = "web-shop", sub = $"many-{i}", session = $"many-{i}", grant = $"many-{i}" })));
        (await PostAsync([.. parents[..8]])).Status.ShouldBe(201); // Each has a jti too.
        (await PostAsync([.. parents])).ShouldBeProblem(400).Faults().ShouldBe(["ancestors"]);
    }

    [Fact]
    public async Task A_child_of_an_unknown_parent_ends_with_it()
    {
        var orphan = await IssueAsync("never seen here");
        (await acme.OAuth.IntrospectAsync(orphan, acme.Orders)).ShouldBeActive();
        await acme.Admin.RevokeAsync("never seen here");
        (await acme.OAuth.IntrospectAsync(orphan, acme.Orders)).ShouldBeInactive();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task L12_A_parent_that_another_row_ended_is_revoked_by_value_once_and_takes_its_children_with_it(bool isByAdmin)
    {
        const string Idp = "https://idp.acme.test";
        var (child, parent) = ($"child-{isByAdmin}", $"parent-{isByAdmin}");
        await acme.Admin.IssueAsync(new { token = child, iss = Idp, client_id = "x", sub = "svc", aud = Acme.OrdersApi, expires_in = 600, ancestors = new[] { Hash(parent) } });
        await acme.Admin.IssueAsync(new { token = parent, iss = Idp, client_id = "web-shop", sub = parent, aud = Acme.OrdersApi, expires_in = 600 });
        (await acme.Admin.PostAsync(AdminCalls.Revocations, new { sub = parent, iss = Idp })).Status.ShouldBe(200);
        (await acme.OAuth.IntrospectAsync(parent, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(child, acme.Orders)).ShouldBeActive();

        await RevokeAsync();
        (await acme.OAuth.IntrospectAsync(child, acme.Orders)).ShouldBeInactive();
        // However often it is repeated, and long after its end.
        var log = acme.Server.Services.GetRequiredService<RevocationLog>();
        var seq = log.Seq;
        await RevokeAsync();
        log.Seq.ShouldBe(seq);
        acme.Time.AdvanceSeconds(600 + 3601);
        for (var i = 0; i < 3; i++) await RevokeAsync();
        log.Seq.ShouldBeLessThanOrEqualTo(seq + 1);

        async Task RevokeAsync()
        {
            if (isByAdmin) await acme.Admin.RevokeAsync(parent);
            else (await acme.OAuth.RevokeAsync(parent, acme.Shop)).Status.ShouldBe(200);
        }
    }

    [Fact]
    public async Task L12_What_a_parents_subject_has_in_the_childs_tenant_can_be_ended_alone()
    {
        const string Idp = "https://idp.acme.test";
        await acme.Admin.IssueAsync(new { token = "of alice", iss = Idp, client_id = "x", sub = "alice-t", aud = Acme.OrdersApi, expires_in = 600 });
        var child = await acme.Admin.IssueAsync(new { client_id = "web-shop", sub = "u-1", tenant = "t-child", aud = Acme.OrdersApi, ancestors = new[] { Hash("of alice") } });
        var log = acme.Server.Services.GetRequiredService<RevocationLog>();
        await log.RevokeAsync([new RevocationLog.Asked(Selector.Member("t-other", Idp, "alice-t"), log.ForgetAfterEverything())], "test");
        (await acme.OAuth.IntrospectAsync(child, acme.Orders)).ShouldBeActive();
        await log.RevokeAsync([new RevocationLog.Asked(Selector.Member("t-child", Idp, "alice-t"), log.ForgetAfterEverything())], "test");
        (await acme.OAuth.IntrospectAsync(child, acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task A_parent_may_stand_in_the_same_array()
    {
        string[] tokens = ["at.family-1", "at.family-2", "at.family-3"];
        var items = tokens.Select((token, i) => new { token, iss = "https://other.acme.test", client_id = "x", aud = Acme.OrdersApi, expires_in = 60, ancestors = tokens.Take(i).TakeLast(1).Select(Hash) });
        (await acme.Admin.PostAsync(AdminCalls.Tokens, items)).Status.ShouldBe(201);
        await acme.Admin.RevokeAsync(tokens[0]);
        foreach (var token in tokens) (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task The_depth_is_bounded()
    {
        var token = await acme.TokenAsync();
        for (var depth = 1; depth <= TokenRecord.MaxAncestors; depth++) token = await IssueAsync(token);
        (await PostAsync([Hash(token)])).ShouldBeProblem(400).Faults().ShouldBe(["ancestors"]);
        (await PostAsync([.. Enumerable.Range(0, TokenRecord.MaxAncestors + 1).Select(i => Hash($"a{i}"))])).ShouldBeProblem(400).Faults().ShouldBe(["ancestors"]);
        (await PostAsync([.. Enumerable.Range(0, TokenRecord.MaxAncestors).Select(i => Hash($"a{i}"))])).Status.ShouldBe(201);
    }

    [Fact]
    public async Task What_is_no_hash_or_the_token_itself_is_refused()
    {
        (await PostAsync(["x"])).ShouldBeProblem(400).Faults().ShouldBe(["ancestors"]);
        var itself = new { token = "at.own-mother", iss = "https://other.acme.test", client_id = "x", expires_in = 60, ancestors = new[] { Hash("at.own-mother") } };
        (await acme.Admin.PostAsync(AdminCalls.Tokens, itself)).ShouldBeProblem(400).Faults().ShouldBe(["ancestors"]);
    }

    private static string Hash(string token) => TokenHash.Of(token).ToString();

    private Task<string> IssueAsync(string parent) => acme.Admin.IssueAsync(new { client_id = "web-shop", sub = "u-4821", aud = Acme.OrdersApi, ancestors = new[] { Hash(parent) } });

    private Task<Answer> PostAsync(string[] ancestors) => acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "web-shop", ancestors });
}
