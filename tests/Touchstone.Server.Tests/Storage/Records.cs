using System.Text;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Tests.Storage;

/// <summary>Records, rows and registrations that tests vary with <c>with</c>.</summary>
internal static class Records
{
    internal const string Issuer = "https://as.acme.test";

    /// <summary>A record with nothing but what it must have.</summary>
    internal static TokenRecord Bare(string token) => new()
    {
        Hash = TokenHash.Of(token), Kind = TokenKind.AccessToken, ClientId = "web-shop", Issuer = Issuer, IssuedAt = ManualTime.Start, ExpiresAt = ManualTime.Start + 3600, Born = 0,
    };

    /// <summary>A record with every member.</summary>
    internal static TokenRecord Full(string token) => Bare(token) with
    {
        Kind = TokenKind.RefreshToken, ClientId = "their client ü", Issuer = "https://other.acme.test/ü", NotBefore = ManualTime.Start + 5, Born = 7, Subject = "u-4821 🙂", Username = "Jürgen \"J\" \\ <j@acme.test>",
        Scope = Scope("orders:read orders:write"), Audience = ["https://orders.acme.test/", "https://billing.acme.test/ü"], Jti = "9f1c", Grant = "g-1", Session = "s-1", Tenant = "t-1",
        Ancestors = [TokenHash.Of("parent"), TokenHash.Of("grandparent")],
        Lineage = [Selector.Client("their shop ü"), Selector.Subject("https://third.acme.test/ü", "u-1 🙂"), Selector.Member("t-2", "https://third.acme.test/", "u-1"), Selector.Token(TokenHash.Of("uncle"))], GrantExpiresAt = ManualTime.Start + 9000, BasisIssuedAt = ManualTime.Start - 70,
        Confirmation = Json("""{"jkt":"0Zc"}"""), Actor = Json("""{"sub":"svc","act":{"sub":"x"}}"""),
        AuthorizationDetails = Json("""[{"type":"t","n":1.50}]"""), Claims = Json("""{"a":[1,"1",1.0,1e2,true,null,{}],"ü":"\u00fc","big":123456789012345678901234567890}"""),
    };

    internal static ScopeSet Scope(string text) => ScopeSet.TryParse(text, out var scope) ? scope : throw new FormatException(text);

    internal static ReadOnlyMemory<byte> Json(string json) => Encoding.UTF8.GetBytes(json);

    internal static RevocationRow Row(Selector selector, long seq = 0, long? issuedBefore = null) => new()
    {
        Seq = seq, Id = Guid.NewGuid(), At = ManualTime.Start, Selector = selector, ForgetAfter = ManualTime.Start + 7200, IssuedBefore = issuedBefore, Actor = "tester",
    };

    internal static ClientRegistration Client(string id) => new()
    {
        ClientId = id, Kind = ClientRegistration.ClientKind, AuthMethods = ["client_secret_basic"], Audience = ["https://orders.acme.test/"], Scope = "a b", MayIntrospect = true, Tenant = "t-1",
        CreatedAt = ManualTime.Start, Secrets = [new ClientSecret("c2VjcmV0", ManualTime.Start, null), new ClientSecret("b2xk", ManualTime.Start - 9, ManualTime.Start + 9)],
    };

    /// <summary>Every member of a record as text, JSON members included, so that two records can be compared whole.</summary>
    internal static string Describe(TokenRecord record) => string.Join('\n',
        record.Hash, record.Kind, record.ClientId, record.Issuer, record.IssuedAt, record.ExpiresAt, record.NotBefore, record.Born, record.Subject, record.Username, record.Scope,
        string.Join('|', record.Audience), record.Jti, record.Grant, record.Session, record.Tenant, string.Join('|', record.Ancestors), string.Join('|', record.Lineage), record.GrantExpiresAt, record.BasisIssuedAt,
        Text(record.Confirmation), Text(record.Actor), Text(record.AuthorizationDetails), Text(record.Claims));

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
