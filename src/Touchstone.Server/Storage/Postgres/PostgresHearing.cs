namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// How far other processes say that they have acknowledged. It only says when a look at the nodes is worth while: what counts is what stands in their table, for anybody who may connect may send a notification.
/// </summary>
internal sealed class PostgresHearing
{
    private const int MaxSenders = 256; // Processes come and go.

    private readonly Lock _one = new();
    private readonly Dictionary<string, long> _heard = [];

    internal void Hear(string sender, long seq)
    {
        lock (_one)
        {
            if (_heard.Count >= MaxSenders) _heard.Clear();
            _heard[sender] = seq;
        }
    }

    /// <summary>Whether so many have said that they have a row.</summary>
    internal bool IsHeard(int count, long seq)
    {
        if (count == 0) return true;
        lock (_one) return _heard.Values.Count(heard => heard >= seq) >= count;
    }
}
