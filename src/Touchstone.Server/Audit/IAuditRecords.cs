namespace Touchstone.Server.Audit;

/// <summary>The records of changes as they stand in a database: read-only.</summary>
internal interface IAuditRecords : IDisposable
{
    /// <summary>The chains.</summary>
    IReadOnlyList<string> Chains();

    /// <summary>The records of a chain above a number, in order, as they are at one moment.</summary>
    IEnumerable<(long N, byte[] Record)> After(string chain, long n);

    /// <summary>The hashes of records by their numbers; those that are not there are left out.</summary>
    IReadOnlyDictionary<long, AuditHash> Hashes(string chain, IReadOnlyList<long> numbers);

    /// <summary>The public keys that nodes left there for others, as PEM.</summary>
    IReadOnlyList<string> Keys();

    /// <summary>One record, or null.</summary>
    byte[]? Find(string chain, long n);

    /// <summary>The newest records of a chain, newest first.</summary>
    IReadOnlyList<(long N, byte[] Record)> Newest(string chain, int count);
}
