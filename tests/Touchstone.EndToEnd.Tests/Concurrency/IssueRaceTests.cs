using System.Collections.Concurrent;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Concurrency;

/// <summary>Issues beside the revocation of their subject: what was judged before the row never lives after it, however late it is written (design.md §3, invariant 2).</summary>
[Collection(LoadCollection.Name)]
public sealed class IssueRaceTests
{
    private const string Audience = "https://api.demo.example";
    private const int Lanes = 8;

    [Fact]
    public async Task L03_L12_Of_issues_raced_against_a_revocation_of_their_subject_exactly_those_born_after_it_live()
    {
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo with { Environment = ServerSetup.NoLimits });
        _ = await server.Admin.TokenAsync();
        var lanes = new Lane[Lanes];
        for (var i = 0; i < Lanes; i++) lanes[i] = new Lane(server, await server.Admin.AddClientAsync(new
        {
            client_id = $"lane-{i}", kind = "client", audience = new[] { Audience }, may_introspect = true, scope = "a", grants = new { grant_types = new[] { "client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange" }, token_exchange = new { targets = new[] { Audience }, impersonation = true } },
        }));

        var next = 0;
        await Task.WhenAll(lanes.Select(lane => Task.Run(async () =>
        {
            for (var round = Interlocked.Increment(ref next); round <= Bars.IssueRaces; round = Interlocked.Increment(ref next)) await lane.RaceAsync(Bars.Random(Bars.Seed, round));
        })));

        lanes.SelectMany(lane => lane.Faults).ShouldBeEmpty($"seed {Bars.Seed}");
        var (alive, dead) = (lanes.Sum(lane => lane.Alive), lanes.Sum(lane => lane.Dead));
        Bars.Tell($"{Bars.IssueRaces} races, seed {Bars.Seed}: of the tokens that raced {dead} were born before the row and are dead, {alive} after it and live; none else");
        // Else nothing raced.
        alive.ShouldBeGreaterThan(0);
        lanes.Sum(lane => lane.Exchanged).ShouldBeGreaterThan(0);
        dead.ShouldBeGreaterThan(0);
    }

    /// <summary>One client, which is its own subject: each round ends all that it has.</summary>
    private sealed class Lane(ServerProcess server, TestClient client)
    {
        private readonly ConcurrentQueue<string> _faults = new();

        internal IEnumerable<string> Faults => _faults;

        internal int Alive { get; private set; }

        internal int Dead { get; private set; }

        internal int Exchanged { get; private set; }

        internal async Task RaceAsync(Random random)
        {
            var cursor = (await server.Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString();
            var before = await server.OAuth.TokenOfAsync(client);
            // What this is made from is ended by the row, so it is born before the row and dead, or refused.
            var exchanging = RunAsync(random, () => server.OAuth.PostAsync(
                OAuthCalls.Token, client, ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token", before), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token")));
            var old = (await server.Admin.PostAsync("/admin/tokens", new { client_id = client.Id, sub = client.Id, refresh = true })).Json.GetProperty("refresh_token").GetString()!;
            var issuing = new[]
            {
                RunAsync(random, () => server.OAuth.TokenOfAsync(client)),
                RunAsync(random, () => server.Admin.IssueAsync(new { client_id = client.Id, sub = client.Id, aud = Audience })),
                RunAsync(random, () => server.Admin.IssueAsync(new { client_id = client.Id, sub = client.Id, kind = "refresh_token" })),
            };
            var late = RunAsync(random, () => server.Admin.IssueAsync(new { client_id = client.Id, sub = client.Id, aud = Audience, born = cursor }));
            var refreshing = RunAsync(random, () => server.OAuth.RefreshAsync(old, client));
            var revoked = (await RunAsync(random, () => server.Admin.PostAsync("/admin/revocations", new { sub = client.Id }))).Json;
            var after = await server.OAuth.TokenOfAsync(client);

            var row = revoked.GetProperty("seq").GetInt64();
            if (await IsActiveAsync(before)) Fault("active though it was issued before the revocation was asked for");
            if (await IsActiveAsync(await late)) Fault("active though its cursor was taken before the revocation");
            var exchanged = await exchanging;
            if (exchanged.Status == 200 ? await IsActiveAsync(exchanged.Json.GetProperty("access_token").GetString()!) : exchanged.Status != 400) Fault($"exchanged and active, or {exchanged.Status}, though what it was exchanged for is ended");
            if (exchanged.Status == 200) Exchanged++;
            // Judged before the row or after it: what was granted before it is renewed past it by no refresh.
            if (await refreshing is { Status: 200 } refreshed)
            {
                foreach (var name in (string[])["access_token", "refresh_token"])
                    if (await IsActiveAsync(refreshed.Json.GetProperty(name).GetString()!)) Fault($"a refresh that raced gave an {name} that is active");
            }
            else if ((await refreshing).Status != 400) Fault($"a refresh that raced: {await refreshing}");
            if (!await IsActiveAsync(after)) Fault("inactive though it was asked for after the revocation was acknowledged");
            foreach (var token in await Task.WhenAll(issuing))
            {
                var isActive = await IsActiveAsync(token);
                var isBornAfter = (await server.Admin.LookUpAsync(token)).GetProperty("record").GetProperty("born").GetInt64() >= row;
                if (isActive != isBornAfter) Fault($"{(isActive ? "active" : "inactive")} though born {(isBornAfter ? "after" : "before")} row {row}");
                if (isActive) Alive++;
                else Dead++;
            }
        }

        private Task<bool> IsActiveAsync(string token) => server.OAuth.IsActiveAsync(token, client);

        private void Fault(string what) => _faults.Enqueue($"{client.Id}: {what}");

        // Begins a little later, by chance: up to about a millisecond, which is what an issue takes.
        private static Task<T> RunAsync<T>(Random random, Func<Task<T>> work)
        {
            var spins = random.Next(20_000);
            return Task.Run(async () =>
            {
                Thread.SpinWait(spins);
                return await work();
            });
        }
    }
}
