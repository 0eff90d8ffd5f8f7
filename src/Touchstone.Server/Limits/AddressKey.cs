using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Touchstone.Server.Limits;

/// <summary>What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, all of which one host may use.</summary>
internal readonly record struct AddressKey(ulong Value)
{
    // No source address begins with 32 ones, so IPv4 lies there.
    private const ulong V4 = 0xFFFF_FFFF_0000_0000;

    // Random, so that nobody can choose addresses that meet in a table or in a sketch.
    private static readonly ulong Multiplier = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;

    /// <summary>64 bits that nobody outside of this process can foretell; the upper ones are the best.</summary>
    internal ulong Hash
    {
        get
        {
            var mixed = (Value ^ (Value >> 32)) * Multiplier;
            return (mixed ^ (mixed >> 29)) * Multiplier;
        }
    }

    internal static AddressKey Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        if (address.AddressFamily is AddressFamily.InterNetwork) return new(V4 | BinaryPrimitives.ReadUInt32BigEndian(bytes));
        return new(address.IsIPv4MappedToIPv6 ? V4 | BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]) : BinaryPrimitives.ReadUInt64BigEndian(bytes));
    }

    public override int GetHashCode() => (int)(Hash >> 32);
}
