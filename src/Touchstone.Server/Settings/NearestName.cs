namespace Touchstone.Server.Settings;

/// <summary>What somebody may have meant by a name that is not known.</summary>
public static class NearestName
{
    /// <summary>The known name with the fewest letters to change, if they are few: at most a third of it.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        var plain = Plain(name);
        var last = Plain(name[(name.LastIndexOf(':') + 1)..]);
        var (nearest, changes) = known.Select(candidate => (candidate, Changes(plain, last, candidate))).Append(("", int.MaxValue)).MinBy(pair => pair.Item2);
        return changes <= Math.Max(2, last.Length / 3) ? nearest : null;
    }

    // A name without its groups, or without some of them, is a name too, though a worse one.
    private static int Changes(string plain, string last, string candidate)
    {
        var least = Math.Min(Distance(plain, Plain(candidate)), Distance(last, Plain(candidate[(candidate.LastIndexOf(':') + 1)..])) + 1);
        for (var colon = candidate.IndexOf(':'); colon >= 0; colon = candidate.IndexOf(':', colon + 1)) least = Math.Min(least, Distance(plain, Plain(candidate[colon..])) + 1);
        return least;
    }

    // Written without the marks between its parts, a name is still recognised.
    private static string Plain(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToUpperInvariant();

    // Levenshtein's distance, row by row.
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (from[i - 1] == to[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[^1];
    }
}
