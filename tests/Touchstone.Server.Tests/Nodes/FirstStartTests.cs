using Touchstone.Server.Audit;
using Touchstone.Server.Startup;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Nodes;

/// <summary>A node that joins others, and what it leaves when it does not get to.</summary>
public sealed class FirstStartTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    [Fact]
    public async Task A_start_that_is_refused_leaves_nothing_in_the_database_and_is_told_whose_it_is()
    {
        var before = await ChainsAsync();
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(options => (options.Postgres.Connection, options.Issuer) = (nodes.Connection, "https://other.acme.test")));
        error.Message.ShouldStartWith("This database belongs to the issuer ");
        (await ChainsAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task The_first_record_of_a_node_tells_of_the_key_that_signs_it()
    {
        // Whoever verifies in the moment after finds a chain with its key, never one without.
        await using var third = await TestServer.StartAsync(options => (options.Postgres.Connection, options.Postgres.NodeName) = (nodes.Connection, "third"));
        var key = AuditKey.ReadPublic(third.Data)[^1];
        var first = (string)(await PostgresServer.ScalarAsync(nodes.Connection, $"SELECT convert_from(record, 'UTF8') FROM audit WHERE chain LIKE '{key.Node}%' AND n = 2"))!;
        first.ShouldContain(AuditKey.Setting + key.Node);
    }

    private async Task<long> ChainsAsync() => (long)(await PostgresServer.ScalarAsync(nodes.Connection, "SELECT count(DISTINCT chain) FROM audit"))!;
}
