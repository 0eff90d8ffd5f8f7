namespace Touchstone.EndToEnd.Tests.Serve;

/// <summary>A hundred tokens in one request, and views, at a real server that is killed in between.</summary>
public sealed class BatchTests
{
    private const string Audience = "https://batch.example";

    [Fact]
    public async Task I13_I20_A_batch_answers_the_same_cold_warm_and_after_kill_9_and_nothing_active_after_a_revocation()
    {
        await using var server = await ServerProcess.StartAsync(new ServerSetup());
        var whole = await server.Admin.AddResourceServerAsync("batch-api", Audience);
        var narrow = await server.Admin.AddClientAsync(new { client_id = "batch-narrow", kind = "resource-server", audience = new[] { Audience }, view = new { sub = "pairwise", aud = "own", scope = "b" } });
        await server.Admin.AddClientAsync("batch-app", Audience, "a b");
        var tokens = new List<string>();
        for (var i = 0; i < 100; i++)
            tokens.Add(i % 3 == 0 ? $"unknown-{i}" : await server.Admin.IssueAsync(new { client_id = "batch-app", sub = $"user-{i}", scope = "a b", aud = new[] { Audience, "https://other.example" } }));

        var (first, hidden) = (await AskAsync(whole), await AskAsync(narrow));
        hidden.ShouldNotContain("user-");
        hidden.ShouldNotContain("other.example");
        (await AskAsync(whole)).ShouldBe(first);
        var active = System.Text.Json.JsonElement.Parse(first).GetProperty("results").EnumerateArray().Select(result => result.TryGetProperty("sub", out var sub) ? sub.GetString() : null);
        active.ShouldBe(Enumerable.Range(0, 100).Select(i => i % 3 == 0 ? null : $"user-{i}"));

        await server.Kill9Async();
        await server.RestartAsync();
        (await AskAsync(narrow)).ShouldBe(hidden);
        (await AskAsync(whole)).ShouldBe(first);

        (await server.Admin.PostAsync("/admin/revocations", new { client_id = "batch-app" })).Status.ShouldBe(200);
        (await AskAsync(whole)).ShouldNotContain("true");
        (await AskAsync(narrow)).ShouldNotContain("true");

        async Task<string> AskAsync(TestClient caller)
        {
            var answer = await server.OAuth.IntrospectAllAsync(caller, tokens);
            answer.Status.ShouldBe(200, answer.ToString());
            return answer.Text;
        }
    }
}
