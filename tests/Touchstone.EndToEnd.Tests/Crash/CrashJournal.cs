using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Touchstone.EndToEnd.Tests.Crash;

/// <summary>What is known of a write: sent only, or acknowledged.</summary>
internal enum Known
{
    No,
    InFlight,
    Acknowledged,
}

/// <summary>A token as its writer knows it, and what was heard of it.</summary>
internal sealed class WrittenToken
{
    internal required string Value { get; init; }

    internal string Hash => field ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Value)));

    /// <summary>What the record must say, so that a torn one is seen; null where the server chose it.</summary>
    internal string? Subject { get; init; }

    internal Known Issued { get; set; } = Known.InFlight;

    internal Known Revoked { get; set; }

    /// <summary>The number that the acknowledged revocation was given; null where the answer has none.</summary>
    internal long? RevocationSeq { get; set; }
}

/// <summary>Everything that was sent to a server that will be killed: written down before it is sent, and again when the answer is there.</summary>
internal sealed class CrashJournal
{
    private int _acknowledged;

    /// <summary>Each list was one request: all of it is there, or nothing.</summary>
    internal ConcurrentQueue<WrittenToken[]> Writes { get; } = new();

    internal IEnumerable<WrittenToken> Tokens => Writes.SelectMany(write => write);

    internal int Acknowledged => Volatile.Read(ref _acknowledged);

    internal void Acknowledge() => Interlocked.Increment(ref _acknowledged);
}
