using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Tests.Admin;

public sealed class RevocationsTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task R06_An_administrator_ends_any_token_by_value_or_hash()
    {
        foreach (var isByHash in (bool[])[false, true])
        {
            var token = await acme.TokenAsync();
            (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
            var hash = TokenHash.Of(token).ToString();
            var json = (await acme.Admin.PostAsync(AdminCalls.Revocations, isByHash ? new { token_sha256 = hash } : new { token })).ShouldBeJson(200).Json;
            json.EnumerateObject().Select(member => member.Name).ShouldBe(["status", "selector", "id", "seq", "token_sha256"]);
            json.GetProperty("status").GetString().ShouldBe("revoked");
            json.GetProperty("token_sha256").GetString().ShouldBe(hash);
            (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
            var row = (await acme.Admin.LookUpAsync(token)).GetProperty("revocation");
            row.GetProperty("id").GetGuid().ShouldBe(json.GetProperty("id").GetGuid());
            row.GetProperty("seq").GetInt64().ShouldBe(json.GetProperty("seq").GetInt64());
            row.GetProperty("actor").GetString().ShouldBe("admin");
        }
    }

    [Fact]
    public async Task A_list_is_one_line_in_the_log_with_its_counts_and_each_row_at_debug()
    {
        await using var own = await Acme.StartAsync();
        var token = await own.TokenAsync();
        await own.Admin.RevokeAsync(token);
        own.Server.Logs.Of(9).ShouldHaveSingleItem();
        var seq = own.Server.Services.GetRequiredService<Touchstone.Server.Revocation.RevocationLog>().Seq;
        (await own.Admin.PostAsync(AdminCalls.Revocations, new object[] { new { token }, new { grant = "g-1" }, new { grant = "g-2" }, new { token = "never seen" } })).Status.ShouldBe(200);
        own.Server.Logs.Of(9).ShouldHaveSingleItem();
        own.Server.Logs.Of(12).ShouldHaveSingleItem().Text.ShouldStartWith($"Revocations {seq + 1} to {seq + 3}: admin ended 2 of the 4 named; 1 more are unknown, ");
        own.Server.Logs.Of(13).Select(line => line.Level).ShouldBe(Enumerable.Repeat(Microsoft.Extensions.Logging.LogLevel.Debug, 3));
    }

    [Fact]
    public async Task R31_A_second_time_names_the_row_that_is_there()
    {
        var token = await acme.TokenAsync();
        var first = await acme.Admin.RevokeAsync(token);
        var second = await acme.Admin.RevokeAsync(token);
        second.GetProperty("status").GetString().ShouldBe("already_revoked");
        second.GetProperty("id").GetGuid().ShouldBe(first.GetProperty("id").GetGuid());
        second.GetProperty("seq").GetInt64().ShouldBe(first.GetProperty("seq").GetInt64());
    }

    [Fact]
    public async Task R31_The_same_many_times_in_one_list_is_one_row()
    {
        await using var own = await Acme.StartAsync();
        var seq = own.Server.Services.GetRequiredService<Touchstone.Server.Revocation.RevocationLog>().Seq;
        var item = new { token = "at.of-a-list" };
        var answer = await own.Admin.PostAsync(AdminCalls.Revocations, Enumerable.Repeat(item, 5).Cast<object>().Append(new { token = await own.TokenAsync() }).ToArray());
        answer.Status.ShouldBe(200);
        own.Server.Services.GetRequiredService<Touchstone.Server.Revocation.RevocationLog>().Seq.ShouldBe(seq + 2);
    }

    [Fact]
    public async Task R31_A_token_of_a_disabled_client_is_revoked_already()
    {
        await acme.Admin.AddClientAsync(new { client_id = "gone", kind = "client", audience = new[] { Acme.OrdersApi } });
        var token = await acme.Admin.IssueAsync(new { client_id = "gone", aud = Acme.OrdersApi });
        await acme.Admin.ChangeAsync("gone", "disable");
        (await acme.Admin.RevokeAsync(token)).GetProperty("status").GetString().ShouldBe("already_revoked");
    }

    [Fact]
    public async Task R06_A_token_that_is_not_known_yet_is_dead_when_it_is_registered()
    {
        var item = new { token = "at.dead-before-birth", iss = "https://other.acme.test", client_id = "x", aud = Acme.OrdersApi, expires_in = 60 };
        (await acme.Admin.RevokeAsync(item.token)).GetProperty("status").GetString().ShouldBe("unknown");
        (await acme.Admin.RevokeAsync(item.token)).GetProperty("status").GetString().ShouldBe("already_revoked");
        await acme.Admin.IssueAsync(item);
        (await acme.OAuth.IntrospectAsync(item.token, acme.Orders)).ShouldBeInactive();
        (await acme.Admin.LookUpAsync(item.token)).GetProperty("reason").GetString().ShouldBe("revoked");
    }

    [Fact]
    public async Task R30_A_refresh_token_takes_its_grant_with_it()
    {
        var refresh = await acme.RefreshTokenAsync("g-admin");
        var access = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, grant = "g-admin" });
        await acme.Admin.RevokeAsync(refresh);
        (await acme.OAuth.IntrospectAsync(access, acme.Orders)).ShouldBeInactive();
        (await acme.Admin.LookUpAsync(access)).GetProperty("revocation").GetProperty("selector").GetString().ShouldBe("grant:g-admin");
    }

    [Fact]
    public async Task An_administrator_revokes_as_itself() =>
        (await acme.Admin.PostAsync(AdminCalls.Revocations, new { token = "x", @as = "web-shop" })).ShouldBeProblem(400).Faults().ShouldBe(["as"]);

    [Fact]
    public async Task Rows_are_numbered_without_gaps_whoever_writes_them()
    {
        var seqs = new List<long>();
        for (var i = 0; i < 5; i++) seqs.Add((await acme.Admin.RevokeAsync(await acme.TokenAsync())).GetProperty("seq").GetInt64());
        seqs.ShouldBe(Enumerable.Range(0, 5).Select(i => seqs[0] + i));
    }
}
