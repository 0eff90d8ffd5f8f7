using System.Net;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Crash;

/// <summary>Parallel workers that issue and revoke through every endpoint that writes, until the server is gone.</summary>
internal sealed class CrashLoad(ServerProcess server, TestClient client, CrashJournal journal, int seed)
{
    internal const string Audience = "https://crash.example";
    internal const string Issuer = "https://foreign.example";
    private const int Workers = 12;

    /// <summary>Set before the server is killed: an error before that is no consequence of it.</summary>
    internal bool IsKilled { get; set; }

    internal Task RunAsync() => Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(() => WorkAsync(Bars.Random(seed, worker), $"{seed}-{worker}"))));

    private async Task WorkAsync(Random random, string name)
    {
        var mine = new List<WrittenToken>();
        try
        {
            for (var step = 0; ; step++)
            {
                var (kind, victim) = (random.Next(100), random.Next(mine.Count));
                if (kind < 30 || mine.Count == 0) mine.Add(await GrantAsync());
                else if (kind < 50) mine.Add(await IssueAsync($"{name}-{step}"));
                else if (kind < 65) mine.AddRange(await RegisterAsync(random, $"{name}-{step}"));
                else if (kind < 85) await RevokeAsync(mine[victim]);
                else await RevokeAsAdminAsync(mine[victim], byHash: random.Next(2) == 0);
            }
        }
        catch (Exception error) when (IsKilled && (error is HttpRequestException or IOException or OperationCanceledException))
        {
            // The server was killed: that is the point.
        }
    }

    // A token of which nothing was heard has no name to ask for, so it is written down with its answer.
    private async Task<WrittenToken> GrantAsync()
    {
        var answer = Expect(await server.OAuth.GrantAsync(client), HttpStatusCode.OK);
        return Acknowledged([new WrittenToken { Value = answer.Json.GetProperty("access_token").GetString()!, Subject = client.Id }], isNew: true)[0];
    }

    private async Task<WrittenToken> IssueAsync(string subject)
    {
        var answer = Expect(await server.Admin.PostAsync("/admin/tokens", new { client_id = client.Id, sub = subject, aud = Audience, claims = new { subject } }), HttpStatusCode.Created);
        return Acknowledged([new WrittenToken { Value = answer.Json.GetProperty("token").GetString()!, Subject = subject }], isNew: true)[0];
    }

    // Foreign tokens: their values are known before they are sent, so that an array of which nothing was heard can be asked for too.
    private async Task<WrittenToken[]> RegisterAsync(Random random, string name)
    {
        var count = random.Next(20) == 0 ? random.Next(200, 1000) : random.Next(1, 40);
        WrittenToken[] tokens = [.. Enumerable.Range(0, count).Select(i => new WrittenToken { Value = $"crash-{name}-{i}-{random.NextInt64():x}", Subject = $"{name}-{i}" })];
        var items = tokens.Select((token, i) => new Dictionary<string, object?>
        {
            [i % 2 == 0 ? "token" : "token_sha256"] = i % 2 == 0 ? token.Value : token.Hash,
            ["client_id"] = "foreign", ["iss"] = Issuer, ["aud"] = Audience, ["sub"] = token.Subject, ["expires_in"] = 3600, ["claims"] = new { subject = token.Subject },
        });
        journal.Writes.Enqueue(tokens);
        Expect(await server.Admin.PostAsync("/admin/tokens", count == 1 ? items.First() : items), HttpStatusCode.Created);
        return Acknowledged(tokens, isNew: false);
    }

    private async Task RevokeAsync(WrittenToken token)
    {
        Begin(token);
        // A foreign token is another client's: answered 200 all the same, and left as it is (L16).
        Expect(await server.OAuth.RevokeAsync(token.Value, client), HttpStatusCode.OK);
        if (IsForeign(token)) Restore(token);
        else Finish(token, null);
    }

    private async Task RevokeAsAdminAsync(WrittenToken token, bool byHash)
    {
        Begin(token);
        var answer = Expect(await server.Admin.PostAsync("/admin/revocations", byHash ? new { token_sha256 = token.Hash } : new { token = token.Value }), HttpStatusCode.OK);
        Finish(token, answer.Json.GetProperty("seq").GetInt64());
    }

    private static bool IsForeign(WrittenToken token) => token.Value.StartsWith("crash-", StringComparison.Ordinal);

    private static void Begin(WrittenToken token)
    {
        if (token.Revoked is Known.No) token.Revoked = Known.InFlight;
    }

    private static void Restore(WrittenToken token)
    {
        if (token.Revoked is Known.InFlight) token.Revoked = Known.No;
    }

    private void Finish(WrittenToken token, long? seq)
    {
        token.RevocationSeq ??= seq;
        token.Revoked = Known.Acknowledged;
        journal.Acknowledge();
    }

    private WrittenToken[] Acknowledged(WrittenToken[] tokens, bool isNew)
    {
        foreach (var token in tokens) token.Issued = Known.Acknowledged;
        if (isNew) journal.Writes.Enqueue(tokens);
        journal.Acknowledge();
        return tokens;
    }

    private static Answer Expect(Answer answer, HttpStatusCode status) =>
        answer.Status == (int)status ? answer : throw new InvalidOperationException($"not {(int)status}: {answer}");
}
