namespace Touchstone.Server.Audit;

/// <summary>Something that is not as the server wrote it: where, and what.</summary>
public sealed record AuditFinding(string Chain, long N, string What);

/// <summary>
/// Follows one chain record by record and says what was edited, removed, moved or put in. Pure: it is fed lines, and holds no more than the last one.
/// A link shows that a record was changed; a checkpoint shows who may have changed it: who recomputes the links without the key fails there.
/// </summary>
internal sealed class AuditVerifier(string chain, IReadOnlyList<AuditPublicKey> keys)
{
    // What a later step may differ by: the signature of a checkpoint may cover other records than those it was planned for.
    private const int Slack = 2;

    private readonly List<AuditFinding> _findings = [];
    private readonly List<AuditRemembered> _remembered = [];
    private readonly Dictionary<string, long> _retainedOf = [];
    private readonly List<(string Chain, long Through)> _saidOf = [];
    private readonly Dictionary<long, AuditHash> _expected = [];
    private AuditHash _last;
    private (long Changes, long Introspections) _said;
    private int _every;
    private bool _isOverdueTold;

    internal string Chain => chain;

    internal IReadOnlyList<AuditFinding> Findings => _findings;

    /// <summary>What this chain's signed checkpoints say of other chains.</summary>
    internal IReadOnlyList<AuditRemembered> Remembered => _remembered;

    /// <summary>Up to where records of chains left whose nodes are gone, as this chain says.</summary>
    internal IReadOnlyDictionary<string, long> RetainedOf => _retainedOf;

    /// <summary>The number of the first record that is there; 0 before it.</summary>
    internal long First { get; private set; }

    /// <summary>The number of the newest record; 0 when there is none.</summary>
    internal long Last { get; private set; }

    internal long Records { get; private set; }

    /// <summary>The newest record whose signature holds, or 0: what comes after it is chained but not signed yet.</summary>
    internal long LastCheckpoint { get; private set; }

    /// <summary>Up to where records of the changes and of the introspections left because of their age, as the chain says.</summary>
    internal (long Changes, long Introspections) Retained { get; private set; }

    /// <summary>Asks that a record has this hash when it comes.</summary>
    internal void Expect(long n, in AuditHash hash, string who)
    {
        if (_expected.TryGetValue(n, out var other) && !other.Equals(hash)) Find(n, $"{who} and another checkpoint remember two different records {n}");
        _expected[n] = hash;
    }

    internal void Add(ReadOnlyMemory<byte> bytes)
    {
        Records++;
        if (AuditLine.TryParse(bytes) is not { } line)
        {
            Find(Last + 1, "the record can't be read: it was edited");
            _last = AuditHash.Of(bytes.Span);
            Last++;
            return;
        }
        if (line.Chain != chain) Find(line.N, $"the record belongs to the chain {line.Chain}: it was put in");
        CheckPlace(line);
        if (Records == 1) First = line.N;
        Last = Math.Max(line.N, Last);
        _last = AuditHash.Of(bytes.Span);
        if (_expected.TryGetValue(line.N, out var expected) && !expected.Equals(_last)) Find(line.N, "the record is not the one that a signed checkpoint remembers: it was edited or replaced");
        if (line.Retained is { } retained) _said = retained;
        if (line.RetainedOf is { } of) _saidOf.Add(of);
        if (line.Kind == AuditKind.Checkpoint) CheckSignature(line);
        else if (_every > 0 && !_isOverdueTold && Last - LastCheckpoint > _every + Slack)
        {
            Find(line.N, $"no checkpoint since record {LastCheckpoint}, though one is signed after every {_every}: checkpoints were removed");
            _isOverdueTold = true;
        }
    }

    /// <summary>At the end of the chain: what was asked for and did not come.</summary>
    internal void Complete()
    {
        foreach (var missing in _expected.Keys.Where(n => n > Last).Order()) Find(missing, $"a signed checkpoint remembers record {missing}, and the chain ends at {Last}: its end was cut off");
        if (First > 1 && LastCheckpoint == 0) Find(First, "there is no signed checkpoint in what is left of the chain");
    }

    internal void Find(long n, string what) => _findings.Add(new AuditFinding(chain, n, what));

    private void CheckPlace(AuditLine line)
    {
        if (Records == 1)
        {
            if (line.N == 1 && line.Kind != AuditKind.Checkpoint) Find(1, "the chain does not begin with a signed checkpoint: its beginning was replaced");
            return;
        }
        if (line.N > Last + 1) Find(Last + 1, line.N == Last + 2 ? "the record is missing" : $"the records {Last + 1} to {line.N - 1} are missing");
        else if (line.N <= Last) Find(line.N, $"the record stands behind record {Last}: records were moved or put in");
        else if (!line.Previous.Equals(_last)) Find(Last, $"the record is not the one that record {line.N} was chained to: it was edited or replaced");
    }

    private void CheckSignature(AuditLine line)
    {
        if (line.Signature is not { } signature || keys.FirstOrDefault(key => key.Fingerprint == signature.Key) is not { } key || !chain.StartsWith(key.Fingerprint[..16], StringComparison.Ordinal))
        {
            Find(line.N, "the checkpoint is not signed by the key of this chain");
            return;
        }
        if (!key.Verify(signature.Signed.Span, signature.Value))
        {
            Find(line.N, "the signature of the checkpoint does not match: this record or one before it was edited, or the chain recomputed without the key");
            return;
        }
        LastCheckpoint = line.N;
        Retained = _said; // What is not signed may have been put there by anybody.
        foreach (var (of, through) in _saidOf) _retainedOf[of] = Math.Max(through, _retainedOf.GetValueOrDefault(of));
        _saidOf.Clear();
        _isOverdueTold = false;
        _every = signature.Every;
        foreach (var head in signature.Heads) _remembered.Add(new AuditRemembered(chain, line.N, head));
    }
}
