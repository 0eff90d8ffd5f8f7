using System.Collections.Concurrent;
using System.Text.Json;

namespace Touchstone.EndToEnd.Tests.Crash;

/// <summary>Asks a restarted server for everything in the journal, and compares.</summary>
internal sealed class CrashVerdict(ServerProcess server, TestClient resourceServer)
{
    private const int Askers = 8;

    // Asked through introspection too, as resource servers do; the look-up says more, so it is asked for all.
    private const int IntrospectEvery = 7;

    private readonly ConcurrentQueue<string> _faults = new();

    /// <summary>How many tokens were asked for.</summary>
    internal int Asked { get; private set; }

    /// <summary>How many writes had no answer, and were there all the same.</summary>
    internal int Survived { get; private set; }

    /// <summary>What was lost, torn or brought back; then every write that was in flight is settled as what the server now says.</summary>
    internal async Task<IReadOnlyCollection<string>> FaultsAsync(IReadOnlyList<WrittenToken[]> writes)
    {
        Asked += writes.Sum(write => write.Length);
        await Parallel.ForEachAsync(writes, new ParallelOptions { MaxDegreeOfParallelism = Askers }, async (write, _) => await JudgeAsync(write));
        return _faults;
    }

    private async Task JudgeAsync(WrittenToken[] write)
    {
        var answers = new List<JsonElement>(write.Length);
        foreach (var token in write) answers.Add(await LookUpAsync(token));

        var there = answers.Count(answer => answer.GetProperty("known").GetBoolean());
        if (there != 0 && there != write.Length) _faults.Enqueue($"torn: {there} of {write.Length} tokens of one array are there, such as {write[0].Subject}");
        if (write[0].Issued is Known.Acknowledged && there < write.Length) _faults.Enqueue($"lost: {write.Length - there} of {write.Length} acknowledged tokens, such as {write[0].Subject}");
        if (write[0].Issued is Known.InFlight && there > 0) Survived++;

        for (var i = 0; i < write.Length; i++)
        {
            // A token that never came to be can't have been revoked by its worker either, and needs no more questions.
            write[i].Issued = there > 0 ? Known.Acknowledged : Known.No;
            if (answers[i].GetProperty("known").GetBoolean()) await JudgeAsync(write[i], answers[i]);
        }
    }

    private async Task JudgeAsync(WrittenToken token, JsonElement answer)
    {
        var record = answer.GetProperty("record");
        if (record.GetProperty("sub").GetString() != token.Subject) _faults.Enqueue($"torn: {token.Subject} has another subject");
        if (record.TryGetProperty("claims", out var claims) && claims.GetProperty("subject").GetString() != token.Subject) _faults.Enqueue($"torn: {token.Subject} has another's claims");

        var active = answer.GetProperty("active").GetBoolean();
        var reason = answer.GetProperty("reason").GetString();
        if (!active && reason != "revoked") _faults.Enqueue($"{token.Subject} is inactive, and not because it was revoked: {reason}");
        if (active && token.Revoked is Known.Acknowledged) _faults.Enqueue($"back: the revocation of {token.Subject} was acknowledged, and it is active");
        if (!active && token.Revoked is Known.No) _faults.Enqueue($"lost: {token.Subject} is revoked, and nobody asked for it");
        if (token.RevocationSeq is { } seq && !active && answer.GetProperty("revocation").GetProperty("seq").GetInt64() != seq) _faults.Enqueue($"torn: the row that ends {token.Subject} is not number {seq}");
        token.Revoked = active ? Known.No : Known.Acknowledged;

        if (Math.Abs(token.Hash[0] + token.Hash[1]) % IntrospectEvery == 0 && await server.OAuth.IsActiveAsync(token.Value, resourceServer) != active)
            _faults.Enqueue($"{token.Subject}: introspection and look-up differ");
    }

    private async Task<JsonElement> LookUpAsync(WrittenToken token)
    {
        var answer = await server.Admin.PostAsync("/admin/tokens/lookup", new { token_sha256 = token.Hash });
        return answer.Status == 200 ? answer.Json : throw new InvalidOperationException(answer.ToString());
    }
}
