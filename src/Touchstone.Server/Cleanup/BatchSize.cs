namespace Touchstone.Server.Cleanup;

/// <summary>How much one batch removes: fewer when the last one held the writer for too long, more when it was done soon.</summary>
internal sealed class BatchSize
{
    internal const int Least = 8;
    internal const int Most = 1024;

    /// <summary>What a batch may hold the writer for. With the commit it is half a millisecond of a core: where that core also answers requests, the slowest of them wait for it (bench/results/cleanup.md).</summary>
    internal static readonly TimeSpan Target = TimeSpan.FromMilliseconds(0.15);

    /// <summary>The same for a run that has lasted too long.</summary>
    internal static readonly TimeSpan TargetInHaste = TimeSpan.FromMilliseconds(1.5);

    /// <summary>For the next batch.</summary>
    internal int Rows { get; private set; } = 16;

    /// <summary>Learns from a batch that removed as much as it was allowed to; a smaller one says nothing.</summary>
    internal void Learn(TimeSpan held, bool isInHaste = false)
    {
        var target = isInHaste ? TargetInHaste : Target;
        if (held > target) Rows = Math.Max(Least, Rows / 2);
        else if (held < target / 2) Rows = Math.Min(Most, Rows + (Rows / 4));
    }
}
