using System.Diagnostics.CodeAnalysis;

namespace Touchstone.Protocol.Tokens;

/// <summary>A set of scope tokens in the order given, without repetition (RFC 6749 §3.3). Names are case-sensitive.</summary>
public sealed class ScopeSet : IEquatable<ScopeSet>
{
    /// <summary>The longest scope text accepted, in characters: 4096.</summary>
    public const int MaxLength = 4096;

    /// <summary>The set with nothing in it.</summary>
    public static ScopeSet Empty { get; } = new([]);

    private readonly string[] _names;

    private ScopeSet(string[] names)
    {
        _names = names;
        Text = string.Join(' ', names);
    }

    /// <summary>The names joined by single spaces; empty for the empty set.</summary>
    public string Text { get; }

    /// <summary>The names.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>Whether there is no name in it.</summary>
    public bool IsEmpty => _names.Length == 0;

    /// <summary>Parses <c>scope-token *( SP scope-token )</c>; null and empty give the empty set, anything else that breaks the grammar fails.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ScopeSet? scope)
    {
        scope = Empty;
        if (string.IsNullOrEmpty(text)) return true;
        scope = null;
        if (text.Length > MaxLength) return false;
        var names = text.Split(' ');
        if (!Array.TrueForAll(names, IsName)) return false;
        scope = new ScopeSet([.. names.Distinct(StringComparer.Ordinal)]);
        return true;
    }

    /// <summary>Whether a text is one scope token: <c>1*NQCHAR</c>.</summary>
    public static bool IsName(string name) => name.Length > 0 && name.All(c => c is '!' or (>= '#' and <= '[') or (>= ']' and <= '~'));

    /// <summary>Whether this name is in it.</summary>
    public bool Contains(string name) => Array.IndexOf(_names, name) >= 0;

    /// <summary>Whether every name of this set is in the other.</summary>
    public bool IsSubsetOf(ScopeSet other) => Array.TrueForAll(_names, other.Contains);

    /// <summary>The names that the condition keeps.</summary>
    public ScopeSet Where(Func<string, bool> keep)
    {
        var kept = Array.FindAll(_names, name => keep(name));
        return kept.Length == _names.Length ? this : new ScopeSet(kept);
    }

    /// <inheritdoc/>
    public bool Equals(ScopeSet? other) => other is not null && Text == other.Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ScopeSet);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;
}
