using System.Buffers;

namespace Touchstone.Protocol.Forms;

/// <summary>How reading a form ended.</summary>
public enum FormResult
{
    /// <summary>The fields are there.</summary>
    Ok,

    /// <summary><c>%</c> without two hexadecimal digits, or more than <see cref="OAuthForm.MaxFields"/> fields.</summary>
    Malformed,

    /// <summary>A parameter stands twice that may not (RFC 6749 §3.2).</summary>
    Repeated,
}

/// <summary>
/// The parameters of an <c>application/x-www-form-urlencoded</c> body (RFC 6749 Appendix B) as bytes, decoded in place in one buffer that is used again for the next request.
/// Bytes, because what they may be is each parameter's own rule; a parameter without a value counts as absent (RFC 6749 §3.2).
/// </summary>
/// <remarks>Not thread-safe: one request holds it at a time. Reading allocates only while the buffer still grows.</remarks>
public sealed class OAuthForm
{
    /// <summary>The most fields in one body: 256.</summary>
    public const int MaxFields = 256;

    // A larger buffer is for the odd large form, and is given back: forms wait for their next request by the hundred.
    private const int MostKept = 64 << 10;

    // A poll of the feed, the shortest form, holds its own for seconds; for what is longer it grows once.
    private const int LeastBytes = 256, LeastFields = 8;

    private readonly record struct Field(int Name, int NameLength, int Value, int ValueLength);

    private byte[] _buffer = new byte[LeastBytes];
    private Field[] _fields = new Field[LeastFields];
    private int _count;
    private int _length;

    /// <summary>How many parameters have a value.</summary>
    public int Count => _count;

    /// <summary>Reads a body. Parameters named in <paramref name="repeatable"/> may stand more than once. A body that can't be read leaves the form empty.</summary>
    public FormResult Read(in ReadOnlySequence<byte> body, params ReadOnlySpan<string> repeatable)
    {
        Clear();
        var length = _length = checked((int)body.Length);
        if (_buffer.Length < length) _buffer = new byte[Math.Max(length, _buffer.Length * 2)];
        body.CopyTo(_buffer);

        for (var start = 0; start < length;)
        {
            var end = _buffer.AsSpan(start, length - start).IndexOf((byte)'&');
            end = end < 0 ? length : start + end;
            var result = ReadField(start, end, repeatable);
            if (result is not FormResult.Ok)
            {
                _count = 0;
                return result;
            }
            start = end + 1;
        }
        return FormResult.Ok;
    }

    /// <summary>The value of a parameter, or nothing when it is absent.</summary>
    public ReadOnlySpan<byte> this[ReadOnlySpan<byte> name]
    {
        get
        {
            foreach (ref readonly var field in _fields.AsSpan(0, _count))
            {
                if (NameOf(field).SequenceEqual(name)) return ValueOf(field);
            }
            return default;
        }
    }

    /// <summary>Whether a parameter is there with a value.</summary>
    public bool Has(ReadOnlySpan<byte> name) => !this[name].IsEmpty;

    /// <summary>The first parameter with a value that is none of these, or false.</summary>
    public bool TryFindOther(out ReadOnlySpan<byte> name, params ReadOnlySpan<string> known)
    {
        foreach (ref readonly var field in _fields.AsSpan(0, _count))
        {
            name = NameOf(field);
            if (!IsAmong(name, known)) return true;
        }
        name = default;
        return false;
    }

    /// <summary>The next value of a parameter that may repeat; <paramref name="position"/> begins at 0.</summary>
    public bool Next(ReadOnlySpan<byte> name, ref int position, out ReadOnlySpan<byte> value)
    {
        for (; position < _count; position++)
        {
            if (!NameOf(_fields[position]).SequenceEqual(name)) continue;
            value = ValueOf(_fields[position++]);
            return true;
        }
        value = default;
        return false;
    }

    /// <summary>Overwrites what was read, so that no token or secret stays in memory that waits for the next request.</summary>
    public void Clear()
    {
        _buffer.AsSpan(0, _length).Clear();
        if (_buffer.Length > MostKept) _buffer = new byte[LeastBytes];
        _count = _length = 0;
    }

    private FormResult ReadField(int start, int end, ReadOnlySpan<string> repeatable)
    {
        var equals = _buffer.AsSpan(start, end - start).IndexOf((byte)'=');
        var nameEnd = equals < 0 ? end : start + equals;
        var valueStart = Math.Min(nameEnd + 1, end);
        if (!FormEncoding.TryDecodeInPlace(_buffer.AsSpan(start, nameEnd - start), out var nameLength)) return FormResult.Malformed;
        if (!FormEncoding.TryDecodeInPlace(_buffer.AsSpan(valueStart, end - valueStart), out var valueLength)) return FormResult.Malformed;
        if (valueLength == 0) return FormResult.Ok;
        if (_count == MaxFields) return FormResult.Malformed;

        var field = new Field(start, nameLength, valueStart, valueLength);
        if (IsRepeated(NameOf(field), repeatable)) return FormResult.Repeated;
        if (_count == _fields.Length) Array.Resize(ref _fields, _count * 2);
        _fields[_count++] = field;
        return FormResult.Ok;
    }

    // Quadratic, but over at most 256 short names.
    private bool IsRepeated(ReadOnlySpan<byte> name, ReadOnlySpan<string> repeatable) => Has(name) && !IsAmong(name, repeatable);

    private static bool IsAmong(ReadOnlySpan<byte> name, ReadOnlySpan<string> names)
    {
        foreach (var one in names)
        {
            if (System.Text.Ascii.Equals(name, one)) return true;
        }
        return false;
    }

    private ReadOnlySpan<byte> NameOf(in Field field) => _buffer.AsSpan(field.Name, field.NameLength);

    private ReadOnlySpan<byte> ValueOf(in Field field) => _buffer.AsSpan(field.Value, field.ValueLength);
}
