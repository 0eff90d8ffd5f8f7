using System.Buffers;
using System.Globalization;
using System.Text;

namespace Touchstone.Client.Redis;

/// <summary>Writes commands as Redis takes them: an array of bulks, the same in RESP2 and RESP3. No argument can be taken for another, whatever bytes it has.</summary>
internal static class RespWriter
{
    internal static void Write(IBufferWriter<byte> output, ReadOnlySpan<ReadOnlyMemory<byte>> arguments)
    {
        WriteHeader(output, (byte)'*', arguments.Length);
        foreach (var argument in arguments)
        {
            WriteHeader(output, (byte)'$', argument.Length);
            output.Write(argument.Span);
            output.Write("\r\n"u8);
        }
    }

    /// <summary>A number as an argument.</summary>
    internal static ReadOnlyMemory<byte> Number(long number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    private static void WriteHeader(IBufferWriter<byte> output, byte type, int number)
    {
        Span<byte> line = stackalloc byte[16];
        line[0] = type;
        number.TryFormat(line[1..], out var digits, provider: CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(line[(1 + digits)..]);
        output.Write(line[..(digits + 3)]);
    }
}
