using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Cleanup;
using Touchstone.Server.Revocation;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Nodes;

/// <summary>Nodes that were started with different <c>MaxTokenLifetime</c>: rows last as long as the longest of any, whoever writes them.</summary>
public sealed class LifetimesAcrossNodesTests : IAsyncLifetime
{
    private const long Day = 86400;

    private string _connection = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        _connection = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_node_with_a_shorter_lifetime_ends_stays_ended_for_the_longer_one_s_tokens(bool isLongFirst)
    {
        // Whichever is first: the other starts, and a row counts for the tokens of both.
        await using var first = await StartAsync("first", isLongFirst ? 90 : 30);
        await using var second = await StartAsync("second", isLongFirst ? 30 : 90, first);
        var (longer, shorter) = isLongFirst ? (first, second) : (second, first);
        var orders = await longer.Admin.AddClientAsync(new { client_id = "rs-orders", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        await longer.Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = new[] { Acme.OrdersApi } });
        var token = await longer.Admin.IssueAsync(new { client_id = "web-shop", sub = "alice", aud = Acme.OrdersApi, expires_in = 80 * Day });
        (await shorter.Admin.PostAsync(AdminCalls.Revocations, new { sub = "alice" })).Status.ShouldBe(200);
        (await shorter.Admin.PostAsync(AdminCalls.Revocations, new { sub = "somebody" })).Status.ShouldBe(200);

        first.Time.Advance(TimeSpan.FromDays(31));
        (await shorter.Admin.PostAsync(AdminCalls.Revocations, new { sub = "somebody else" })).Status.ShouldBe(200); // The newest row stays whatever its age.
        foreach (var node in (TestServer[])[shorter, longer, shorter])
        {
            var cleaner = node.Services.GetRequiredService<Cleaner>();
            await cleaner.IdleAsync();
            await cleaner.RunAsync();
        }
        (await longer.OAuth.IntrospectAsync(token, orders)).ShouldBeInactive();
        shorter.Services.GetRequiredService<RevocationLog>().LongestLifetime.ShouldBe(90 * Day);
    }

    private async Task<TestServer> StartAsync(string name, int days, TestServer? beside = null)
    {
        var node = await TestServer.StartAsync(
            options =>
            {
                options.Unlimit();
                (options.Postgres.Connection, options.Postgres.NodeName, options.MaxTokenLifetime) = (_connection, name, TimeSpan.FromDays(days));
            },
            time: beside?.Time);
        if (beside is not null) File.Copy(Path.Combine(beside.Data, "admin.json"), Path.Combine(node.Data, "admin.json"));
        return node;
    }
}
