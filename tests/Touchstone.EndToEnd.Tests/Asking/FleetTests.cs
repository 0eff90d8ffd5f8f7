using Touchstone.Client;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>Fifty clients that start at once with nothing in memory, or lose all of it at once: each asks once about each token, however many want to know.</summary>
[Collection(LoadCollection.Name)]
public sealed class FleetTests(AskingFixture asked) : IClassFixture<AskingFixture>
{
    private const int Clients = 50, Tokens = 20, AtOnce = 10;

    [Fact]
    public async Task L26_A_fleet_that_starts_or_loses_its_place_in_the_log_asks_once_about_each_token()
    {
        var (tokens, other) = (await asked.IssueAsync(Tokens), await asked.IssueAsync(1));
        var calls = Enumerable.Range(0, Clients).Select(_ => new UpstreamCalls()).ToArray();
        var clients = calls.Select(NewClient).ToArray();
        try
        {
            await AskAllAsync(clients, tokens);
            ShouldBeAsked(calls, tokens, 1);

            // They start again.
            foreach (var client in clients) await client.DisposeAsync();
            clients = [.. calls.Select(NewClient)];
            await AskAllAsync(clients, tokens);
            ShouldBeAsked(calls, tokens, 2);

            // Another epoch: something that all of them hear of ends the polls that wait.
            foreach (var client in calls) client.LoseEpoch();
            await asked.RevokeAsync(other[0]);
            await Until.TrueAsync(() => calls.All(client => client.Gone == 1), "each heard that its place is none of the log");
            await Until.TrueAsync(() => clients.All(client => client.Status.Feed is FeedState.Followed && !client.TryIntrospect(tokens[0].Value, null, out _)), "and follows again, without what it kept");
            await AskAllAsync(clients, tokens);
            ShouldBeAsked(calls, tokens, 3);
        }
        finally
        {
            foreach (var client in clients) await client.DisposeAsync();
        }
    }

    private IntrospectionClient NewClient(UpstreamCalls calls)
    {
        // Time enough for a machine on which all of them run: none tries twice.
        var options = new TokenIntrospectionOptions { Timeout = Until.Deadline, TryTimeout = Until.Deadline, Backchannel = calls.NewHandler };
        asked.Configure(options, asked.Server.Address, asked.Server.Address);
        return new IntrospectionClient(options);
    }

    private static async Task AskAllAsync(IntrospectionClient[] clients, AskedToken[] tokens)
    {
        var results = await Task.WhenAll(clients.SelectMany(client => tokens.SelectMany(token => Enumerable.Range(0, AtOnce).Select(_ => Task.Run(() => client.IntrospectAsync(token.Value).AsTask())))));
        results.ShouldAllBe(result => result.IsActive);
    }

    private static void ShouldBeAsked(UpstreamCalls[] calls, AskedToken[] tokens, int times)
    {
        foreach (var client in calls)
        {
            foreach (var token in tokens) client.ByToken[Uri.EscapeDataString(token.Value)].ShouldBe(times);
        }
    }
}
