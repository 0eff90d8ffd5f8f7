using System.Globalization;

namespace Touchstone.Protocol.Leases;

/// <summary>A place in the revocation log: everything up to it is known.</summary>
/// <param name="Epoch">The life of the log. Another one begins when a database was restored or failed over; cursors of the old one say nothing any more.</param>
/// <param name="Seq">The number of the newest known row, 0 for none.</param>
/// <param name="Row">The random id of that row: a restored database may give the same number to another row. Empty for none.</param>
public readonly record struct LogCursor(Guid Epoch, long Seq, Guid Row)
{
    /// <summary>The cursor before the first row of an epoch.</summary>
    public static LogCursor Start(Guid epoch) => new(epoch, 0, Guid.Empty);

    /// <summary>Whether who knows this knows the other as well: same life of the log, and not before it.</summary>
    public bool Covers(LogCursor other) => Epoch == other.Epoch && Seq >= other.Seq;

    /// <summary>Epoch, number and row, separated by dots: <c>0f…9.17.3c…e</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch:N}.{Seq}.{Row:N}");

    /// <summary>Reads what <see cref="ToString"/> wrote, and nothing else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out LogCursor cursor)
    {
        cursor = default;
        Span<Range> parts = stackalloc Range[4];
        if (text.Split(parts, '.') != 3) return false;
        var number = text[parts[1]];
        if (number.Length is 0 or > 19 || (number[0] == '0' && number.Length > 1)) return false; // One cursor has one text.
        if (!TryParseId(text[parts[0]], out var epoch) || !TryParseId(text[parts[2]], out var row)) return false;
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var seq) || (seq == 0) != (row == Guid.Empty)) return false;
        cursor = new LogCursor(epoch, seq, row);
        return true;
    }

    // The framework's own takes blanks around it, and capitals.
    internal static bool TryParseId(ReadOnlySpan<char> text, out Guid id)
    {
        id = default;
        return text.Length == 32 && !text.ContainsAnyExcept("0123456789abcdef") && Guid.TryParseExact(text, "N", out id);
    }
}
