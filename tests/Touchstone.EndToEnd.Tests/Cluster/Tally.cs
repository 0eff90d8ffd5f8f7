namespace Touchstone.EndToEnd.Tests.Cluster;

/// <summary>How one node answered about tokens that lived, from one moment of a run to the next.</summary>
internal sealed class Tally
{
    private int _served, _refused, _failed;

    internal int Asked => _served + _refused + _failed;

    /// <summary>The part that was answered with 200 and active.</summary>
    internal double Served => Asked == 0 ? 0 : (double)_served / Asked;

    internal void Count(NodeAnswer answer) => Interlocked.Increment(ref answer is NodeAnswer.Active ? ref _served : ref answer is NodeAnswer.Refused ? ref _refused : ref _failed);

    public override string ToString() => $"{Asked,7} asked, {Served,8:P2} active, {_refused} refused, {_failed} failed";
}
