namespace Touchstone.Server.TokenIssue;

/// <summary>The types of authorization details that this server knows (RFC 9396). Under <c>Touchstone:AuthorizationDetails</c>.</summary>
public sealed class AuthorizationDetailsOptions
{
    /// <summary>The types, by their names; a name with a colon stands in <see cref="AuthorizationDetailsType.Name"/>. At most 64. Default none.</summary>
    public IDictionary<string, AuthorizationDetailsType> Types { get; } = new Dictionary<string, AuthorizationDetailsType>(StringComparer.OrdinalIgnoreCase);

    internal IEnumerable<string> Errors()
    {
        const string Place = "AuthorizationDetails:Types";
        if (Types.Count > DetailType.MaxTypes) yield return $"{Place}: at most {DetailType.MaxTypes}.";
        foreach (var (key, type) in Types)
        {
            var place = $"{Place}:{key}";
            if (!DetailType.IsName(type.Name ?? key)) yield return $"{place}: a type has a name of 1 to {DetailType.MaxName} printable ASCII characters.";
            if (Types.Count(other => (other.Value.Name ?? other.Key) == (type.Name ?? key)) > 1) yield return $"{place}: another type has the name {type.Name ?? key} too.";
            if (type.Fields.Count > DetailType.MaxFields) yield return $"{place}:Fields: at most {DetailType.MaxFields}.";
            foreach (var (name, field) in type.Fields)
            {
                foreach (var error in DetailType.Errors(name, field)) yield return $"{place}:Fields:{name}: {error}";
            }
        }
    }
}

/// <summary>One type of authorization details: which members its objects may have beside <c>type</c>. No other is taken.</summary>
public sealed class AuthorizationDetailsType
{
    /// <summary>The value of <c>type</c>, where it is not the name of the section.</summary>
    public string? Name { get; set; }

    /// <summary>The members, by their names. At most 64.</summary>
    public IDictionary<string, AuthorizationDetailsField> Fields { get; } = new Dictionary<string, AuthorizationDetailsField>(StringComparer.OrdinalIgnoreCase);
}

/// <summary>What one member of an object of authorization details may be.</summary>
public sealed class AuthorizationDetailsField
{
    /// <summary><c>string</c>, <c>string[]</c>, <c>number</c>, <c>boolean</c> or <c>object</c>. The members of RFC 9396 §2.2 have theirs and need none here.</summary>
    public string? Type { get; set; }

    /// <summary>Whether every object has it. Default false.</summary>
    public bool Required { get; set; }

    /// <summary>The values that it may have, for <c>string</c> and <c>string[]</c>; empty for any.</summary>
    public IList<string> Values { get; set; } = [];
}
