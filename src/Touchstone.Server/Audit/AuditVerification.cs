using Touchstone.Server.Startup;

namespace Touchstone.Server.Audit;

/// <summary>What was found in one chain.</summary>
/// <param name="Chain">Its name: the node, and what it is about.</param>
/// <param name="First">The number of the oldest record that is there.</param>
/// <param name="Last">The number of the newest.</param>
/// <param name="Records">How many there are.</param>
/// <param name="SignedThrough">The newest checkpoint whose signature holds.</param>
public sealed record AuditChainReport(string Chain, long First, long Last, long Records, long SignedThrough);

/// <summary>What was found in a data folder.</summary>
/// <param name="Fingerprint">The fingerprint of the newest key: compare it with one that was noted elsewhere.</param>
/// <param name="Chains">Every chain.</param>
/// <param name="Findings">What is not as the server wrote it; none when all is well.</param>
/// <param name="Notes">What is no fault and still good to know.</param>
public sealed record AuditReport(string Fingerprint, IReadOnlyList<AuditChainReport> Chains, IReadOnlyList<AuditFinding> Findings, IReadOnlyList<string> Notes);

/// <summary>Verifies the audit of a data folder, offline and without changing anything.</summary>
public static class AuditVerification
{
    /// <summary>Follows every chain, proves every checkpoint, and holds the chains against each other and against an exported checkpoint.</summary>
    /// <exception cref="StartupException">There is nothing that could be read.</exception>
    public static AuditReport Verify(string data, string? checkpointFile = null, string? postgres = null)
    {
        var exported = checkpointFile is null ? null : ExportedCheckpoint.Read(checkpointFile);
        var report = VerifyOnce(data, exported, postgres);
        // A running server may have let old records go between two looks: what stays is a finding.
        return report.Findings.Count == 0 ? report : VerifyOnce(data, exported, postgres);
    }

    private static AuditReport VerifyOnce(string data, ExportedCheckpoint? exported, string? postgres)
    {
        using var store = AuditStore.Open(data, postgres);
        var own = AuditKey.ReadPublic(data);
        var others = store.SharedKeys().Where(shared => own.All(key => key.Fingerprint != shared.Fingerprint)).ToList();
        IReadOnlyList<AuditPublicKey> keys = [.. own, .. others];
        var findings = new List<AuditFinding>();
        var notes = others.Select(OtherNode).ToList();
        var segments = store.Segments();
        var nodes = store.Chains().Concat(segments.Select(segment => segment.Chain)).Concat(exported?.Lines.Select(line => line.Parsed.Chain) ?? []).Select(AuditChain.NodeOf)
            .Concat(keys.Select(key => key.Node)).Distinct().Order(StringComparer.Ordinal).ToList();
        if (own.Count == 0) findings.Add(new AuditFinding("audit.pub", 0, "there is no public key in the data folder: no signature can be proven"));
        CheckExported(exported, keys, findings);

        var all = new Dictionary<string, AuditVerifier>();
        var inFiles = new List<AuditVerifier>();
        foreach (var node in nodes)
        {
            var changes = new AuditVerifier(AuditChain.Name(node, AuditChain.Changes), keys);
            var introspections = new AuditVerifier(AuditChain.Name(node, AuditChain.Introspections), keys);
            all.Add(changes.Chain, changes);
            Expect(exported, changes, introspections);

            foreach (var (n, record) in store.Changes(AuditChain.Name(node, AuditChain.Changes)))
            {
                changes.Add(record);
                if (changes.Last != n) changes.Find(n, "the record stands in the place of another: it was moved");
            }
            changes.Complete();
            if (changes.Records == 0) changes.Find(1, "no record of this chain is left");
            if (others.Exists(key => key.Node == node)) continue; // Its files lie in its own folder.

            // The changes were read first: what they vouch for was on the disk before.
            foreach (var memory in changes.Remembered.Where(memory => memory.Anchor.Chain == introspections.Chain)) introspections.Expect(memory.Anchor.N, memory.Anchor.Hash, "a checkpoint of the changes");
            AddSegments([.. segments.Where(segment => AuditChain.NodeOf(segment.Chain) == node)], introspections, notes);
            introspections.Complete();
            if (introspections.Records > 0) CheckBeginning(introspections, changes.Retained.Introspections);
            inFiles.Add(introspections);
        }

        var read = all.Values.Concat(inFiles).ToList();
        findings.AddRange(new AuditMemory(store, all).Check(read.SelectMany(chain => chain.Remembered).Where(memory => memory.Anchor.Chain.EndsWith("." + AuditChain.Changes, StringComparison.Ordinal))));
        findings.AddRange(read.SelectMany(chain => chain.Findings));
        return new AuditReport(
            own.Count == 0 ? "" : own[^1].Fingerprint,
            [.. read.Where(chain => chain.Records + chain.Findings.Count > 0).OrderBy(chain => chain.Chain, StringComparer.Ordinal).Select(chain => new AuditChainReport(chain.Chain, chain.First, chain.Last, chain.Records, chain.LastCheckpoint))],
            [.. findings.Distinct().OrderBy(finding => finding.Chain, StringComparer.Ordinal).ThenBy(finding => finding.N)],
            notes);
    }

    private static string OtherNode(AuditPublicKey key) => $"{key.Node} is another node: its key {key.Fingerprint} comes from the database (compare it with the audit.pub of that node), and its introspections are verified in its own data folder";

    private static void CheckExported(ExportedCheckpoint? exported, IReadOnlyList<AuditPublicKey> keys, List<AuditFinding> findings)
    {
        if (exported is null) return;
        foreach (var (_, line) in exported.Lines)
        {
            if (line.Signature is not { } signature || !exported.Key.Verify(signature.Signed.Span, signature.Value)) throw new StartupException($"The exported checkpoint of {line.Chain} is not signed by the key in its own file: it is of no use.");
        }
        if (keys.All(key => key.Fingerprint != exported.Key.Fingerprint)) findings.Add(new AuditFinding("audit.pub", 0, $"the key {exported.Key.Fingerprint} of the exported checkpoint is not among the keys of the data folder: the audit was signed anew by somebody else"));
    }

    private static void Expect(ExportedCheckpoint? exported, params IReadOnlyList<AuditVerifier> verifiers)
    {
        foreach (var (bytes, line) in exported?.Lines ?? [])
        {
            foreach (var verifier in verifiers.Where(verifier => verifier.Chain == line.Chain)) verifier.Expect(line.N, AuditHash.Of(bytes), "the exported checkpoint");
        }
    }

    /// <summary>What is missing at the beginning has to have left because of its age.</summary>
    internal static void CheckBeginning(AuditVerifier verifier, long retained)
    {
        if (verifier.First > 1 && retained < verifier.First - 1) verifier.Find(retained + 1, $"the records {retained + 1} to {verifier.First - 1} are missing, and no retention record tells that they left because of their age");
    }

    private static void AddSegments(IReadOnlyList<AuditSegment> segments, AuditVerifier verifier, List<string> notes)
    {
        for (var i = 0; i < segments.Count; i++)
        {
            foreach (var (line, end) in AuditStore.Lines(segments[i].Path))
            {
                if (end >= 0) verifier.Add(line);
                else if (i < segments.Count - 1) verifier.Find(verifier.Last + 1, $"{Path.GetFileName(segments[i].Path)} ends in the middle of a record: its end was cut off");
                else notes.Add($"{Path.GetFileName(segments[i].Path)} ends in the middle of a record: it is being written, or the power went while it was");
            }
        }
    }
}
