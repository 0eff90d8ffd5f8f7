using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Memory;

/// <summary>
/// Which tokens were invalidated here, and when: what somebody was told of them before that is not used, however late it comes, and whatever became of removing it. Bounded by two generations: what is forgotten counts for
/// all tokens from then on.
/// </summary>
internal sealed class InvalidatedKeys(int most)
{
    /// <summary>How many a client remembers.</summary>
    internal const int Most = 20_000;

    private readonly Lock _one = new();
    private Dictionary<Mac128, TimeSpan> _newer = [], _older = [];
    private TimeSpan _last = TimeSpan.MinValue, _olderLast = TimeSpan.MinValue, _all = TimeSpan.MinValue;

    internal void Add(Mac128 key, ClockReading now)
    {
        lock (_one)
        {
            if (_newer.Count >= most / 2)
            {
                (_all, _older, _olderLast, _newer) = (_olderLast, _newer, _last, []);
            }
            _newer[key] = _last = now.Monotonic;
        }
    }

    /// <summary>Whether it was invalidated, as far as that is remembered.</summary>
    internal bool Contains(Mac128 key)
    {
        lock (_one) return _newer.ContainsKey(key) || _older.ContainsKey(key);
    }

    /// <summary>Whether an answer may be from before its token was invalidated.</summary>
    /// <param name="key">Of the token.</param>
    /// <param name="asked">When the server was asked.</param>
    /// <param name="doubt">By how much that may be wrong, as far as another machine's clock says it.</param>
    internal bool Ends(Mac128 key, ClockReading asked, TimeSpan doubt)
    {
        var at = asked.Monotonic - doubt;
        lock (_one) return at <= _all || (_newer.TryGetValue(key, out var when) && at <= when) || (_older.TryGetValue(key, out when) && at <= when);
    }
}
