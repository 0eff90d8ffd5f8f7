using Touchstone.Server.Startup;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Nodes;

/// <summary>Rolling upgrades: a newer node writes a kind of row that these don't know. They can't judge tokens any more, and don't.</summary>
public sealed class UnknownRowTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    [Fact]
    public async Task A_node_that_can_t_judge_a_kind_of_row_answers_503_and_never_active()
    {
        var orders = await nodes.A.Admin.AddClientAsync(new { client_id = "rs-orders", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        var shop = await nodes.A.Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = new[] { Acme.OrdersApi } });
        var token = await nodes.A.OAuth.TokenOfAsync(shop);
        TestServer[] all = [nodes.A, nodes.B];
        foreach (var node in all) (await node.OAuth.IntrospectAsync(token, orders)).ShouldBeActive();

        await (await PostgresServer.SharedAsync()).ExecuteAsync(
            "WITH head AS (UPDATE head SET seq = seq + 1 RETURNING seq) INSERT INTO revocations (seq, id, at, kind, name, forget_after, actor) SELECT seq, gen_random_uuid(), 0, 99, 'web-shop', 99999999999, 'newer' FROM head", nodes.Connection);

        // The newer node waits until their leases have run out, as for any that does not acknowledge its row.
        foreach (var node in all) await Until.TrueAsync(async () => (await node.OAuth.IntrospectAsync(token, orders)).Status == 503, "the node's lease has run out");
        for (var i = 0; i < 20; i++)
        {
            foreach (var node in all)
            {
                (await node.OAuth.IntrospectAsync(token, orders)).ShouldBeError(503, "temporarily_unavailable");
                (await node.OAuth.GrantAsync(shop)).Status.ShouldBe(503);
                (await node.OAuth.GetAsync("/health/ready")).Status.ShouldBe(503);
            }
        }
        (await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(options => options.Postgres.Connection = nodes.Connection, time: nodes.A.Time))).Message.ShouldContain("its kind is not known to this version");
    }
}
