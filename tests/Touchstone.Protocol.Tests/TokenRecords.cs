using System.Text;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests;

/// <summary>Records and callers that tests vary with <c>with</c>. The access token is good at <see cref="Now"/> for both callers.</summary>
internal static class TokenRecords
{
    internal const long Now = 1_790_000_300;
    internal const string Issuer = "https://as.acme.test";
    internal const string Orders = "https://orders.acme.test/";

    internal static TokenRecord Access { get; } = new()
    {
        Hash = TokenHash.Of("an access token"),
        Kind = TokenKind.AccessToken,
        ClientId = "web-shop",
        Issuer = Issuer,
        IssuedAt = Now - 300,
        ExpiresAt = Now + 300,
        Born = 7,
        Subject = "u-4821",
        Audience = [Orders],
        Grant = "g-1",
        Session = "s-1",
        Tenant = "t-1",
    };

    internal static TokenRecord Refresh { get; } = Access with { Hash = TokenHash.Of("a refresh token"), Kind = TokenKind.RefreshToken };

    internal static Caller ResourceServer { get; } = new()
    {
        ClientId = "rs-orders", Kind = CallerKind.ResourceServer, Audience = [Orders], MayIntrospect = true,
    };

    internal static Caller Owner { get; } = new() { ClientId = "web-shop", Kind = CallerKind.Client, MayIntrospect = true };

    internal static ReadOnlyMemory<byte> Json(string json) => Encoding.UTF8.GetBytes(json);
}
