namespace Touchstone.Server.Cleanup;

/// <summary>How much one batch removes: fewer when the last one held the writer for too long, more when it was done soon.</summary>
internal sealed class BatchSize
{
    internal const int Least = 16;
    internal const int Most = 2048;

    /// <summary>What a batch may hold the writer for. The commit behind it takes about as long again.</summary>
    internal static readonly TimeSpan Target = TimeSpan.FromMilliseconds(1.5);

    /// <summary>For the next batch.</summary>
    internal int Rows { get; private set; } = 128;

    /// <summary>Learns from a batch that removed as much as it was allowed to; a smaller one says nothing.</summary>
    internal void Learn(TimeSpan held)
    {
        if (held > Target) Rows = Math.Max(Least, Rows / 2);
        else if (held < Target / 2) Rows = Math.Min(Most, Rows + (Rows / 4));
    }
}
