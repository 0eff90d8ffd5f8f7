using System.Collections.Concurrent;

namespace Touchstone.Client.Memory;

/// <summary>Texts that most answers have in common (issuer, client, audience, scope), kept once. Bounded: a server that sends others each time gets each its own.</summary>
internal sealed class SharedTexts
{
    private const int Most = 1024, Longest = 512;

    private readonly ConcurrentDictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _lists = new(StringComparer.Ordinal);

    internal string? Share(string? text)
    {
        if (text is null || text.Length > Longest) return text;
        if (_texts.TryGetValue(text, out var shared)) return shared;
        return _texts.Count < Most ? _texts.GetOrAdd(text, text) : text;
    }

    /// <summary>The parts of a text, separated by spaces.</summary>
    internal IReadOnlyList<string> Split(string text)
    {
        if (_lists.TryGetValue(text, out var shared)) return shared;
        var parts = Share(text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return text.Length <= Longest && _lists.Count < Most ? _lists.GetOrAdd(text, parts) : parts;
    }

    /// <summary>A list of one.</summary>
    internal IReadOnlyList<string> One(string text) => text.Contains(' ', StringComparison.Ordinal) ? [text] : Split(text);

    internal string[] Share(string[] texts)
    {
        for (var i = 0; i < texts.Length; i++) texts[i] = Share(texts[i])!;
        return texts;
    }
}
