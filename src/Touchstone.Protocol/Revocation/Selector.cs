using System.Globalization;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Revocation;

/// <summary>What a row of the revocation log names.</summary>
public enum SelectorKind : byte
{
    /// <summary>One token and all that descend from it, for ever.</summary>
    Token = 1,

    /// <summary>A refresh family, for ever.</summary>
    Grant = 2,

    /// <summary>A session at an issuer, for ever.</summary>
    Session = 3,

    /// <summary>Every token of a subject born before the row.</summary>
    Subject = 4,

    /// <summary>Every token of a client born before the row.</summary>
    Client = 5,

    /// <summary>Every token of a tenant born before the row.</summary>
    Tenant = 6,

    /// <summary>Every token born before the row.</summary>
    All = 7,

    /// <summary>A client's registration changed: it ends no token, but whatever was derived from the registration is to be derived anew.</summary>
    Registration = 8,

    /// <summary>Every token of a subject within one tenant, born before the row; what the same subject has elsewhere is spared.</summary>
    Member = 9,

    /// <summary>One JWT of an issuer, known by its <c>jti</c>, for ever: also one that was never registered here. Its bytes would not do, since another signature may be as good.</summary>
    Jwt = 10,
}

/// <summary>A kind and its key, by value. A subject and a session belong to an issuer, so that two issuers' names never meet.</summary>
/// <param name="Kind">What is named.</param>
/// <param name="Hash">The token's hash, for <see cref="SelectorKind.Token"/>.</param>
/// <param name="Id">The identifier, for all other kinds but <see cref="SelectorKind.All"/>.</param>
/// <param name="Issuer">The issuer, for <see cref="SelectorKind.Subject"/>, <see cref="SelectorKind.Session"/>, <see cref="SelectorKind.Member"/> and <see cref="SelectorKind.Jwt"/>.</param>
/// <param name="Group">The tenant, for <see cref="SelectorKind.Member"/>.</param>
public readonly record struct Selector(SelectorKind Kind, TokenHash Hash = default, string? Id = null, string? Issuer = null, string? Group = null)
{
    /// <summary>One token.</summary>
    public static Selector Token(TokenHash hash) => new(SelectorKind.Token, hash);

    /// <summary>A refresh family.</summary>
    public static Selector Grant(string id) => new(SelectorKind.Grant, Id: id);

    /// <summary>A session.</summary>
    public static Selector Session(string issuer, string id) => new(SelectorKind.Session, Id: id, Issuer: issuer);

    /// <summary>A subject.</summary>
    public static Selector Subject(string issuer, string id) => new(SelectorKind.Subject, Id: id, Issuer: issuer);

    /// <summary>A subject within one tenant.</summary>
    public static Selector Member(string tenant, string issuer, string id) => new(SelectorKind.Member, Id: id, Issuer: issuer, Group: tenant);

    /// <summary>A JWT by its <c>jti</c>.</summary>
    public static Selector Jwt(string issuer, string jti) => new(SelectorKind.Jwt, Id: jti, Issuer: issuer);

    /// <summary>A client.</summary>
    public static Selector Client(string id) => new(SelectorKind.Client, Id: id);

    /// <summary>A tenant.</summary>
    public static Selector Tenant(string id) => new(SelectorKind.Tenant, Id: id);

    /// <summary>Everything.</summary>
    public static Selector All { get; } = new(SelectorKind.All);

    /// <summary>A client's registration.</summary>
    public static Selector Registration(string clientId) => new(SelectorKind.Registration, Id: clientId);

    /// <summary>Every selector whose row could end a token of this record: itself, its ancestors, what it belongs to, and what they belong to.</summary>
    public static IEnumerable<Selector> Of(TokenRecord record)
    {
        yield return Token(record.Hash);
        foreach (var ancestor in record.Ancestors) yield return Token(ancestor);
        if (record.Jti is not null) yield return Jwt(record.Issuer, record.Jti);
        if (record.Grant is not null) yield return Grant(record.Grant);
        if (record.Session is not null) yield return Session(record.Issuer, record.Session);
        if (record.Subject is not null) yield return Subject(record.Issuer, record.Subject);
        yield return Client(record.ClientId);
        if (record.Tenant is not null) yield return Tenant(record.Tenant);
        if (record.Tenant is not null && record.Subject is not null) yield return Member(record.Tenant, record.Issuer, record.Subject);
        foreach (var selector in record.Lineage) yield return selector;
        yield return All;
    }

    /// <summary>Whether a row of this kind ends what it names for ever, rather than what was born before it.</summary>
    public bool EndsForEver => Kind is SelectorKind.Token or SelectorKind.Grant or SelectorKind.Session or SelectorKind.Jwt;

    /// <summary>The key as text: the hash in hexadecimal, or the identifier, preceded by the length-prefixed issuer and tenant where there are any.</summary>
    public string Key => Kind is SelectorKind.Token ? Hash.ToString() : Prefix(Issuer) + Prefix(Group) + Id;

    /// <summary>The selector of a kind and its key, or false when the two don't fit.</summary>
    public static bool TryParse(SelectorKind kind, string key, out Selector selector)
    {
        selector = default;
        switch (kind)
        {
            case SelectorKind.Token:
                if (!TokenHash.TryParse(key, out var hash)) return false;
                selector = Token(hash);
                return true;
            case SelectorKind.Session or SelectorKind.Subject or SelectorKind.Jwt:
                if (!TryTake(ref key, out var issuer)) return false;
                selector = new Selector(kind, default, key, issuer);
                return true;
            case SelectorKind.Member:
                if (!TryTake(ref key, out var home) || !TryTake(ref key, out var tenant)) return false;
                selector = Member(tenant, home, key);
                return true;
            case SelectorKind.All:
                if (key.Length > 0) return false;
                selector = All;
                return true;
            case SelectorKind.Grant or SelectorKind.Client or SelectorKind.Tenant or SelectorKind.Registration:
                if (key.Length == 0) return false;
                selector = new Selector(kind, default, key);
                return true;
            default:
                return false;
        }
    }

    private static string Prefix(string? part) => part is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{part.Length}:{part}");

    // Takes a length-prefixed part from the beginning of a key.
    private static bool TryTake(ref string key, out string part)
    {
        part = "";
        var colon = key.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !int.TryParse(key.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var length)) return false;
        if (length > key.Length - colon - 1 || (key[0] == '0' && colon > 1)) return false; // One selector has one key: no leading zeros.
        part = key.Substring(colon + 1, length);
        key = key[(colon + 1 + length)..];
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Kind is SelectorKind.All ? "all" : $"{Kind.ToString().ToLowerInvariant()}:{Key}";
}
