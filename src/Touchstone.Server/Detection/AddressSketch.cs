using System.Numerics;

namespace Touchstone.Server.Detection;

/// <summary>About how many different addresses asked for one token in a span of time: 64 bits, of which each address sets one (linear counting). No address can be read from it.</summary>
internal struct AddressSketch
{
    /// <summary>What it can count to.</summary>
    internal const int Most = 150;

    private ulong _bits;
    private int _span;

    /// <summary>The bit of an address: by a hash that nobody can foretell.</summary>
    internal static ulong BitOf(ulong hash) => 1UL << (int)(hash >> 58);

    /// <summary>From how many set bits on there are about this many addresses.</summary>
    internal static int BitsFor(int addresses) => Math.Min(63, (int)Math.Round(64 * (1 - Math.Exp(-addresses / 64.0))));

    /// <summary>Whether the address was seen in this span already.</summary>
    internal readonly bool Knows(ulong bit, int span) => _span == span && (_bits & bit) != 0;

    /// <summary>The bits that would be set with this one.</summary>
    internal readonly int CountWith(ulong bit, int span) => _span == span ? BitOperations.PopCount(_bits | bit) : 1;

    /// <summary>Notes an address. Two threads may lose one of two: it comes again.</summary>
    internal void Add(ulong bit, int span)
    {
        _bits = _span == span ? _bits | bit : bit;
        _span = span;
    }
}
