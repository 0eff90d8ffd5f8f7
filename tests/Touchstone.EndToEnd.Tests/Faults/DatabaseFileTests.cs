using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Faults;

/// <summary>A database file that is taken from under a running server. Whatever it can still say must be true: an active token is active, or the answer is 503.</summary>
[Collection(LoadCollection.Name)]
public sealed class DatabaseFileTests
{
    private const int Tokens = 400;
    private const int Rounds = 3;

    [Theory]
    [InlineData("overwritten")]
    [InlineData("cut")]
    [InlineData("deleted")]
    [InlineData("replaced")]
    public async Task L06_An_active_token_is_never_called_inactive_and_a_revoked_one_never_active(string harm)
    {
        await using var server = await ServerProcess.StartAsync(new ServerSetup { Arguments = ["--demo", "--record-cache", "0"] });
        var (active, revoked) = await PrepareAsync(server);
        // A clean stop brings everything from the write-ahead log into the file that is harmed.
        await server.RestartAsync();
        Harm(Path.Combine(server.Data, "touchstone.db"), harm);

        var statuses = new Dictionary<int, int>();
        for (var round = 0; round < Rounds; round++)
        {
            // At once, so that more readers are opened than there were before.
            foreach (var (answer, isActive) in await Task.WhenAll([.. active.Select(token => AskAsync(server, token, true)), .. revoked.Select(token => AskAsync(server, token, false))]))
            {
                statuses[answer.Status] = statuses.GetValueOrDefault(answer.Status) + 1;
                if (answer.Status == 503) answer.Header("Retry-After").ShouldNotBeNullOrEmpty();
                else answer.Json.GetProperty("active").GetBoolean().ShouldBe(isActive, answer.ToString());
            }
        }

        Bars.Tell($"{harm}: {string.Join(", ", statuses.Select(status => $"{status.Key} × {status.Value}"))}");
        statuses.Keys.ShouldBeSubsetOf([200, 503]);
        server.IsRunning.ShouldBeTrue();
        server.Error.ShouldNotContain("Unexpected");
    }

    private static async Task<(string[] Active, string[] Revoked)> PrepareAsync(ServerProcess server)
    {
        var items = Enumerable.Range(0, Tokens)
            .Select(i => new { client_id = server.DemoClient.Id, aud = "https://api.demo.example", sub = $"subject {i}", claims = new { text = new string('x', 500) } });
        var answer = await server.Admin.PostAsync("/admin/tokens", items);
        var tokens = answer.Json.EnumerateArray().Select(item => item.GetProperty("token").GetString()!).ToArray();
        foreach (var token in tokens[..20]) (await server.OAuth.RevokeAsync(token, server.DemoClient)).Status.ShouldBe(200);
        return (tokens[20..], tokens[..20]);
    }

    private static void Harm(string database, string harm)
    {
        switch (harm)
        {
            case "overwritten":
                using (var file = new FileStream(database, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                {
                    var noise = new byte[file.Length];
                    Bars.Random(Bars.Seed, 0).NextBytes(noise);
                    file.Write(noise);
                }
                break;
            case "cut":
                using (var file = new FileStream(database, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.SetLength(file.Length / 3);
                break;
            case "deleted":
                File.Delete(database);
                break;
            default:
                // An empty database, as a backup that is brought back in the wrong place would be.
                File.Move(database, database + ".old");
                File.WriteAllBytes(database, []);
                break;
        }
    }

    private static async Task<(Answer Answer, bool IsActive)> AskAsync(ServerProcess server, string token, bool isActive) => (await server.OAuth.IntrospectAsync(token, server.DemoResourceServer), isActive);
}
