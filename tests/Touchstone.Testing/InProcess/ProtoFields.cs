using System.Buffers.Binary;
using System.Text;

namespace Touchstone.Testing.InProcess;

/// <summary>A protobuf message without its schema: fields by number, each as the bytes it stands in. Enough to read what an exporter sends.</summary>
public readonly struct ProtoFields(ReadOnlyMemory<byte> message)
{
    /// <summary>The messages or texts of a field that is length-delimited.</summary>
    public IEnumerable<ProtoFields> All(int number) => Read(message).Where(field => field.Number == number).Select(field => new ProtoFields(field.Data));

    /// <summary>The message at the end of this path of fields; of repeated ones the first.</summary>
    public ProtoFields At(params int[] path) => path.Aggregate(this, (at, number) => at.All(number).FirstOrDefault());

    /// <summary>These bytes as text.</summary>
    public string Text => Encoding.UTF8.GetString(message.Span);

    /// <summary>These bytes as hexadecimal digits.</summary>
    public string Hex => Convert.ToHexStringLower(message.Span);

    /// <summary>A field that is a number, 0 where it is not there.</summary>
    public long Number(int number)
    {
        foreach (var field in Read(message)) if (field.Number == number) return BinaryPrimitives.ReadInt64LittleEndian(field.Data.Span);
        return 0;
    }

    private static List<(int Number, ReadOnlyMemory<byte> Data)> Read(ReadOnlyMemory<byte> message)
    {
        var fields = new List<(int, ReadOnlyMemory<byte>)>();
        for (var at = 0; at < message.Length;)
        {
            var key = Varint(message.Span, ref at);
            var data = (key & 7) switch
            {
                0 => Bytes(Varint(message.Span, ref at)),
                1 => Take(message, ref at, 8),
                2 => Take(message, ref at, (int)Varint(message.Span, ref at)),
                5 => Take(message, ref at, 4),
                _ => throw new InvalidDataException("no protobuf"),
            };
            fields.Add(((int)(key >> 3), data));
        }
        return fields;
    }

    private static ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> message, ref int at, int length)
    {
        var data = message.Slice(at, length);
        at += length;
        return data;
    }

    private static byte[] Bytes(ulong number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        return bytes;
    }

    private static ulong Varint(ReadOnlySpan<byte> message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = message[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if ((next & 0x80) == 0) return value;
        }
    }
}
