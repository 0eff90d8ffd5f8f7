using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Concurrency;

/// <summary>Revocations beside each other, and beside introspections.</summary>
[Collection(LoadCollection.Name)]
public sealed class RevocationRaceTests
{
    private const int Parallel = 200;
    private const int Tokens = 100;
    private const int Askers = 4;

    [Theory]
    [InlineData("/oauth/revoke")]
    [InlineData("/admin/revocations")]
    public async Task R09_Two_hundred_revocations_of_one_token_at_once_are_two_hundred_times_200(string path)
    {
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo);
        var token = server.DemoToken;
        _ = await server.Admin.TokenAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => Task.Run(
            () => path == "/oauth/revoke" ? server.OAuth.RevokeAsync(token, server.DemoClient) : server.Admin.PostAsync(path, new { token }))));

        answers.ShouldAllBe(answer => answer.Status == 200);
        (await server.OAuth.IsActiveAsync(token, server.DemoResourceServer)).ShouldBeFalse();
        var row = (await server.Admin.LookUpAsync(token)).GetProperty("revocation").GetProperty("seq").GetInt64();
        if (path == "/admin/revocations")
        {
            answers.Select(answer => answer.Json.GetProperty("status").GetString()).ShouldAllBe(status => status == "revoked" || status == "already_revoked");
            answers.Select(answer => answer.Json.GetProperty("seq").GetInt64()).Min().ShouldBe(row);
        }

        await server.RestartAsync();
        (await server.OAuth.IsActiveAsync(token, server.DemoResourceServer)).ShouldBeFalse();
        (await server.Admin.LookUpAsync(token)).GetProperty("revocation").GetProperty("seq").GetInt64().ShouldBe(row);
    }

    [Theory]
    [InlineData("256MiB", false)]
    [InlineData("256MiB", true)]
    [InlineData("0", false)]
    public async Task L15_No_introspection_that_begins_after_the_answer_to_a_revocation_says_active(string cache, bool asAdministrator)
    {
        await using var server = await ServerProcess.StartAsync(new ServerSetup { Arguments = ["--demo", "--record-cache", cache], Environment = Bars.SmallGenerations });
        var issued = await server.Admin.PostAsync("/admin/tokens", Enumerable.Range(0, Tokens).Select(_ => new { client_id = server.DemoClient.Id, aud = "https://api.demo.example" }));
        var tokens = issued.Json.EnumerateArray().Select(item => item.GetProperty("token").GetString()!).ToArray();
        var (before, after) = (0, 0);

        foreach (var token in tokens)
        {
            var race = new Race();
            var askers = Enumerable.Range(0, Askers).Select(_ => Task.Run(() => AskAsync(server, token, race))).ToArray();
            await Until.TrueAsync(() => race.Before >= Askers, "the token was seen active");
            var revoked = asAdministrator ? await server.Admin.PostAsync("/admin/revocations", new { token }) : await server.OAuth.RevokeAsync(token, server.DemoClient);
            race.Acknowledged = true;
            revoked.Status.ShouldBe(200);
            await Task.WhenAll(askers);
            race.ActiveAfter.ShouldBe(0);
            before += race.Before;
            after += Askers;
        }

        Bars.Tell($"{Tokens} tokens, cache {cache}: {before} answers while revoking, {after} after; none too late");
    }

    private static async Task AskAsync(ServerProcess server, string token, Race race)
    {
        while (true)
        {
            // Read before the request is sent: only an introspection that begins after the acknowledgement is bound by it.
            var acknowledged = race.Acknowledged;
            var active = await server.OAuth.IsActiveAsync(token, server.DemoResourceServer);
            if (acknowledged)
            {
                if (active) race.SeeActiveAfter();
                return;
            }
            race.SeeBefore();
        }
    }

    private sealed class Race
    {
        private volatile bool _acknowledged;
        private int _before, _activeAfter;

        internal bool Acknowledged
        {
            get => _acknowledged;
            set => _acknowledged = value;
        }

        internal int Before => Volatile.Read(ref _before);

        internal int ActiveAfter => Volatile.Read(ref _activeAfter);

        internal void SeeBefore() => Interlocked.Increment(ref _before);

        internal void SeeActiveAfter() => Interlocked.Increment(ref _activeAfter);
    }
}
