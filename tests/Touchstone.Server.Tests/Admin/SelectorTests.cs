using System.Text.Json;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Tests.Admin;

/// <summary>Revocation by selector (design.md §3, invariant 2): what one row ends, and what it spares.</summary>
public sealed class SelectorTests(Acme acme) : IClassFixture<Acme>
{
    [Theory]
    [InlineData("sub")]
    [InlineData("client_id")]
    [InlineData("tenant")]
    public async Task L12_A_row_ends_what_was_born_before_it_and_spares_what_comes_after(string selector)
    {
        var name = await NewNameAsync();
        var before = await IssueAsync(name, selector);
        (await RevokeAsync(selector, name)).GetProperty("status").GetString().ShouldBe("revoked");
        (await acme.OAuth.IntrospectAsync(before, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(await IssueAsync(name, selector), acme.Orders)).ShouldBeActive();
    }

    [Theory]
    [InlineData("grant")]
    [InlineData("session")]
    public async Task L12_A_grant_and_a_session_end_for_ever_and_others_are_spared(string selector)
    {
        var name = await NewNameAsync();
        var (mine, other) = (await IssueAsync(name, selector), await IssueAsync(name + "-other", selector));
        await RevokeAsync(selector, name);
        (await acme.OAuth.IntrospectAsync(mine, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(await IssueAsync(name, selector), acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(other, acme.Orders)).ShouldBeActive();
        (await RevokeAsync(selector, name)).GetProperty("status").GetString().ShouldBe("already_revoked");
    }

    [Fact]
    public async Task L03_A_token_written_after_the_row_but_judged_before_it_is_dead()
    {
        var name = await NewNameAsync();
        var cursor = (await acme.Admin.GetAsync("admin/cursor")).Json.GetProperty("cursor").GetString();
        await RevokeAsync("sub", name);
        (await acme.OAuth.IntrospectAsync(await acme.Admin.IssueAsync(new { client_id = name, sub = name, aud = Acme.OrdersApi, born = cursor }), acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(await acme.Admin.IssueAsync(new { client_id = name, sub = name, aud = Acme.OrdersApi }), acme.Orders)).ShouldBeActive();
    }

    [Theory]
    [InlineData("00000000000000000000000000000000.0")]
    [InlineData("nonsense")]
    public async Task A_cursor_of_another_log_is_refused(string cursor)
    {
        var name = await NewNameAsync();
        var answer = await acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = name, born = cursor });
        answer.Status.ShouldBe(400);
        answer.Text.ShouldContain("born");
    }

    [Fact]
    public async Task Issued_before_spares_what_was_issued_later()
    {
        var name = await NewNameAsync();
        var now = acme.Server.Time.GetUtcNow().ToUnixTimeSeconds();
        var early = await acme.Admin.IssueAsync(new { client_id = name, sub = name, aud = Acme.OrdersApi, iat = now - 100 });
        var late = await acme.Admin.IssueAsync(new { client_id = name, sub = name, aud = Acme.OrdersApi, iat = now - 10 });
        await acme.Admin.PostAsync(AdminCalls.Revocations, new { sub = name, issued_before = now - 50 });
        (await acme.OAuth.IntrospectAsync(early, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(late, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task A_dry_run_counts_and_writes_nothing()
    {
        var name = await NewNameAsync();
        var token = await IssueAsync(name, "sub");
        await IssueAsync(name, "sub");
        var answer = (await acme.Admin.PostAsync(AdminCalls.Revocations + "?dry_run=true", new { sub = name })).ShouldBeJson(200).Json;
        answer.GetProperty("tokens").GetInt64().ShouldBe(2);
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task A_dry_run_does_not_count_what_is_ended()
    {
        var name = await NewNameAsync();
        var tokens = new[] { await IssueAsync(name, "sub"), await IssueAsync(name, "sub"), await IssueAsync(name, "sub") };
        await RevokeAsync("token", tokens[0]);
        await RevokeAsync("token_sha256", TokenHash.Of(tokens[1]).ToString());
        (await CountAsync([.. tokens.Select(token => new { token })])).ShouldBe([0, 0, 1]);
        (await CountAsync([.. tokens.Select(token => new { token_sha256 = TokenHash.Of(token).ToString() })])).ShouldBe([0, 0, 1]);
        // By SQL: all that match and have not expired.
        (await CountAsync(new { sub = name })).ShouldBe([3]);
        await RevokeAsync("sub", name);
        (await CountAsync(new { token = tokens[2] })).ShouldBe([0]);

        await IssueAsync(name, "grant");
        (await CountAsync(new { grant = name })).ShouldBe([1]);
        await RevokeAsync("grant", name);
        (await CountAsync(new { grant = name })).ShouldBe([0]);
    }

    [Fact]
    public async Task A_list_is_one_commit_answered_in_order()
    {
        var name = await NewNameAsync();
        var token = await acme.Admin.IssueAsync(new { client_id = name, sub = name, aud = Acme.OrdersApi, jti = name });
        var items = new object[] { new { jti = name }, new { jti = "nobody" }, new { session = name }, new { token } };
        var answers = (await acme.Admin.PostAsync(AdminCalls.Revocations, items)).ShouldBeJson(200).Json.EnumerateArray().Select(item => item.GetProperty("status").GetString());
        answers.ShouldBe(["revoked", "unknown", "revoked", "revoked"], "both rows of the token are of this one commit");
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task What_matches_nothing_is_told_where_it_is_known()
    {
        var name = await NewNameAsync();
        var later = new { client_id = name, sub = "sub-of-" + name, aud = Acme.OrdersApi, born = (await acme.Admin.GetAsync("admin/cursor")).Json.GetProperty("cursor").GetString() };
        (await RevokeAsync("sub", later.sub)).GetProperty("status").GetString().ShouldBe("unknown");
        // The row stands all the same: what was judged before it is dead when it comes.
        (await acme.OAuth.IntrospectAsync(await acme.Admin.IssueAsync(later), acme.Orders)).ShouldBeInactive();
        (await RevokeAsync("sub", later.sub)).GetProperty("status").GetString().ShouldBe("revoked");

        (await RevokeAsync("client_id", "nobody-" + name)).GetProperty("warning").GetString().ShouldBe("no client of this name is registered here");
        (await RevokeAsync("tenant", "nowhere-" + name)).GetProperty("warning").GetString().ShouldBe("no client of this tenant is registered here");
        (await RevokeAsync("client_id", name)).TryGetProperty("warning", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task What_cannot_be_a_token_is_told_so_and_keeps_nobody_from_the_rest()
    {
        var token = await IssueAsync("x", "sub");
        var before = (await acme.Admin.GetAsync("admin/cursor")).Json.GetProperty("cursor").GetString();
        var items = new[] { new { token = token[..^1] }, new { token = "tökén" }, new { token = token[..^1] + (token[^1] == 'a' ? 'b' : 'a') } };
        var answers = (await acme.Admin.PostAsync(AdminCalls.Revocations, items)).ShouldBeJson(200).Json.EnumerateArray().Select(item => item.GetProperty("status").GetString());
        answers.ShouldBe(["malformed", "malformed", "malformed"]);
        (await acme.Admin.PostAsync(AdminCalls.Revocations + "?dry_run=true", items[0])).ShouldBeJson(200).Json.GetProperty("status").GetString().ShouldBe("malformed");
        (await acme.Admin.GetAsync("admin/cursor")).Json.GetProperty("cursor").GetString().ShouldBe(before);
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
    }

    [Theory]
    [InlineData("{}", "exactly one")]
    [InlineData("""{"sub":"a","tenant":"b"}""", "exactly one")]
    [InlineData("""{"grant":"g","issued_before":5}""", "issued_before")]
    [InlineData("""{"client_id":"c","iss":"https://x.test"}""", "iss")]
    [InlineData("""{"sub":"a","iss":"http://[::"}""", "iss")]
    [InlineData("""{"token_sha256":"AB"}""", "token_sha256")]
    [InlineData("[]", "10000")]
    public async Task What_is_not_one_selector_is_refused_and_nothing_is_written(string body, string told)
    {
        var before = (await acme.Admin.GetAsync("admin/cursor")).Json.GetProperty("cursor").GetString();
        var answer = await acme.Admin.PostAsync(AdminCalls.Revocations, JsonDocument.Parse(body).RootElement);
        answer.Status.ShouldBe(400);
        answer.Text.ShouldContain(told);
        (await acme.Admin.GetAsync("admin/cursor")).Json.GetProperty("cursor").GetString().ShouldBe(before);
    }

    [Theory]
    [InlineData("dry_run=1")]
    [InlineData("dry_run=True")]
    [InlineData("dry_run")]
    [InlineData("dry_run=true&dry_run=false")]
    [InlineData("dry-run=true")]
    public async Task A_misspelt_dry_run_ends_nothing(string query)
    {
        var name = await NewNameAsync();
        var token = await IssueAsync(name, "sub");
        (await acme.Admin.PostAsync(AdminCalls.Revocations + "?" + query, new { sub = name })).Status.ShouldBe(400);
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
    }

    private async Task<string> NewNameAsync()
    {
        var name = $"s-{Guid.NewGuid():N}";
        await acme.Admin.AddClientAsync(new { client_id = name, kind = "client", audience = new[] { Acme.OrdersApi } });
        return name;
    }

    private Task<string> IssueAsync(string name, string selector) => selector switch
    {
        "grant" => acme.Admin.IssueAsync(new { client_id = "web-shop", grant = name, aud = Acme.OrdersApi }),
        "session" => acme.Admin.IssueAsync(new { client_id = "web-shop", session = name, aud = Acme.OrdersApi }),
        "tenant" => acme.Admin.IssueAsync(new { client_id = "web-shop", tenant = name, aud = Acme.OrdersApi }),
        "sub" => acme.Admin.IssueAsync(new { client_id = "web-shop", sub = name, aud = Acme.OrdersApi }),
        _ => acme.Admin.IssueAsync(new { client_id = name, aud = Acme.OrdersApi }),
    };

    private async Task<long[]> CountAsync(params object[] items) =>
        [.. (await acme.Admin.PostAsync(AdminCalls.Revocations + "?dry_run=true", items)).ShouldBeJson(200).Json.EnumerateArray().Select(item => item.GetProperty("tokens").GetInt64())];

    private async Task<JsonElement> RevokeAsync(string selector, string name) =>
        (await acme.Admin.PostAsync(AdminCalls.Revocations, new Dictionary<string, string> { [selector] = name })).ShouldBeJson(200).Json;
}
