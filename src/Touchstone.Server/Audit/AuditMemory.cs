namespace Touchstone.Server.Audit;

/// <summary>
/// Holds what chains remember of each other against the records that are there. Looked for one by one and after all chains were read: what a checkpoint names was on the disk before it, so it is there now,
/// or it left because of its age, or somebody took it away.
/// </summary>
internal sealed class AuditMemory(AuditStore store, IReadOnlyDictionary<string, AuditVerifier> chains)
{
    private readonly Dictionary<string, long> _retained = [];

    /// <summary>Checks everything; what does not hold is found in the chain that was tampered with. Each witness tells of a chain at most once what was cut, what is missing, what is different.</summary>
    internal IReadOnlyList<AuditFinding> Check(IEnumerable<AuditRemembered> remembered)
    {
        foreach (var (chain, through) in chains.Values.SelectMany(chain => chain.RetainedOf)) _retained[chain] = Math.Max(through, _retained.GetValueOrDefault(chain));
        foreach (var chain in chains.Values) CheckBeginning(chain);
        return [.. remembered.GroupBy(memory => (memory.By, memory.Anchor.Chain)).SelectMany(group => Check(group.Key.By, group.Key.Chain, [.. group]))];
    }

    // What others say counts for a chain that nobody writes any more.
    private long RetainedOf(AuditVerifier? chain, string name) => Math.Max(chain?.Retained.Changes ?? 0, _retained.GetValueOrDefault(name));

    private void CheckBeginning(AuditVerifier chain)
    {
        if (chain.Records > 0) AuditVerification.CheckBeginning(chain, RetainedOf(chain, chain.Chain));
    }

    private IEnumerable<AuditFinding> Check(string by, string name, IReadOnlyList<AuditRemembered> all)
    {
        var chain = chains.GetValueOrDefault(name);
        var isGone = chain is not { Records: > 0 };
        var left = isGone ? RetainedOf(chain, name) : chain!.First - 1; // Whether that much may have left was looked at above.
        var expected = all.Where(memory => memory.Anchor.N > left).OrderBy(memory => memory.Anchor.N).ToList();
        if (expected.Count == 0) yield break;

        var there = store.Hashes(name, [.. expected.Select(memory => memory.Anchor.N).Distinct()]);
        var missing = expected.Where(memory => !there.ContainsKey(memory.Anchor.N)).ToList();
        if (isGone && missing is [.., var newest])
        {
            yield return new AuditFinding(name, newest.Anchor.N, $"record {newest.At} of {by} remembers this record, and nothing of its chain is left: the chain was removed");
            yield break;
        }
        if (missing.FindLast(memory => memory.Anchor.N > chain!.Last) is { Anchor.N: > 0 } cut)
            yield return new AuditFinding(name, cut.Anchor.N, $"record {cut.At} of {by} remembers this record, and the chain ends at {chain!.Last}: its end was cut off");
        if (missing.Find(memory => memory.Anchor.N <= chain!.Last) is { Anchor.N: > 0 } gone)
            yield return new AuditFinding(name, gone.Anchor.N, $"record {gone.At} of {by} remembers this record, and it is not there: it was removed");
        if (expected.Find(memory => there.TryGetValue(memory.Anchor.N, out var hash) && !hash.Equals(memory.Anchor.Hash)) is { Anchor.N: > 0 } other)
            yield return new AuditFinding(name, other.Anchor.N, $"the record is not the one that record {other.At} of {by} remembers: it was edited or replaced");
    }
}
