using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Touchstone.Server.Introspection;

/// <summary>In which form a caller wants its answer.</summary>
internal enum AnswerForm
{
    Json,

    /// <summary>A signed JWT (RFC 9701).</summary>
    Signed,

    /// <summary>In none that there is.</summary>
    Neither,
}

/// <summary>
/// Reads <c>Accept</c> (RFC 9110 §12.5.1): of the ranges that fit a form the most specific one counts, by its <c>q</c>. A signed answer is only for who names its type: <c>*/*</c> is JSON, as it was before there were others.
/// Where both are as welcome it is the signed one, so that nobody who asked for it gets less.
/// </summary>
internal static class AnswerForms
{
    internal const string SignedType = "application/token-introspection+jwt";

    private const string JsonType = "application/json";

    internal static AnswerForm Of(StringValues accept, bool canSign = true)
    {
        // What nearly everybody sends is known at a glance.
        if (accept.Count == 0) return AnswerForm.Json;
        if (accept is [{ } only])
        {
            if (only is JsonType or "*/*") return AnswerForm.Json;
            if (canSign && only is SignedType) return AnswerForm.Signed;
        }
        return Read(accept, canSign);
    }

    private static AnswerForm Read(StringValues accept, bool canSign)
    {
        var isEmpty = true;
        var (json, signed) = (default(Best), default(Best));
        foreach (var line in accept)
        {
            var rest = line.AsSpan();
            while (!rest.IsEmpty)
            {
                var range = Next(ref rest, ',').Trim();
                if (range.IsEmpty) continue;
                isEmpty = false;
                if (!TryRead(range, out var type, out var quality)) continue;
                json.Take(SpecificityOf(type, JsonType), quality);
                // By its name alone: no wildcard asks for it.
                if (type.Equals(SignedType, StringComparison.OrdinalIgnoreCase)) signed.Take(3, quality);
            }
        }
        if (isEmpty) return AnswerForm.Json;
        if (canSign && signed.Quality > 0 && signed.Quality >= json.Quality) return AnswerForm.Signed;
        return json.Quality > 0 ? AnswerForm.Json : AnswerForm.Neither;
    }

    // The media type, and q. Other parameters don't narrow anything here: a charset of JSON means nothing (RFC 8259 §11).
    private static bool TryRead(ReadOnlySpan<char> range, out ReadOnlySpan<char> type, out double quality)
    {
        quality = 1;
        type = Next(ref range, ';').Trim();
        while (!range.IsEmpty)
        {
            var parameter = Next(ref range, ';').Trim();
            if (!parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase)) continue;
            // Java has sent ".2" for decades.
            if (!double.TryParse(parameter[2..].Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out quality) || quality > 1) return false;
        }
        return true;
    }

    private static int SpecificityOf(ReadOnlySpan<char> range, ReadOnlySpan<char> type)
    {
        if (range.Equals(type, StringComparison.OrdinalIgnoreCase)) return 3;
        if (range.Equals("application/*", StringComparison.OrdinalIgnoreCase)) return 2;
        return range is "*/*" or "*" ? 1 : 0;
    }

    // What comes before the separator, which does not count within quotes.
    private static ReadOnlySpan<char> Next(scoped ref ReadOnlySpan<char> rest, char separator)
    {
        var isQuoted = false;
        for (var i = 0; i < rest.Length; i++)
        {
            if (rest[i] == '"') isQuoted = !isQuoted;
            if (isQuoted && rest[i] == '\\') i++;
            if (isQuoted || i >= rest.Length || rest[i] != separator) continue;
            var next = rest[..i];
            rest = rest[(i + 1)..];
            return next;
        }
        var last = rest;
        rest = default;
        return last;
    }

    // The most specific range so far; of two as specific ones the better.
    private struct Best
    {
        private int _specificity;

        internal double Quality { get; private set; }

        internal void Take(int specificity, double quality)
        {
            if (specificity == 0 || specificity < _specificity) return;
            Quality = specificity > _specificity ? quality : Math.Max(Quality, quality);
            _specificity = specificity;
        }
    }
}
