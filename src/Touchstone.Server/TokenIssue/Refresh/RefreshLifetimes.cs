using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;

namespace Touchstone.Server.TokenIssue.Refresh;

/// <summary>When refresh tokens end: each after some time without use, and their family at a time that no refresh moves (RFC 9700 §4.14.2).</summary>
internal static class RefreshLifetimes
{
    private static readonly TimeSpan DefaultInactivity = TimeSpan.FromDays(14);

    /// <summary>The end of a family that begins at a time.</summary>
    internal static long GrantEnd(ServerOptions options, GrantRegistration? client, long begun) => begun + (client?.RefreshTokenAbsoluteSeconds ?? (long)options.RefreshTokens.AbsoluteLifetime.TotalSeconds);

    /// <summary>The end of the family of a record. One from before families had an end began with that record, and lasts at least as long as it.</summary>
    internal static long GrantEnd(ServerOptions options, GrantRegistration? client, TokenRecord record) => record.GrantExpiresAt ?? Math.Max(GrantEnd(options, client, record.IssuedAt), record.ExpiresAt);

    /// <summary>The end of a refresh token that is issued now.</summary>
    internal static long TokenEnd(ServerOptions options, GrantRegistration? client, long now, long grantEnd)
    {
        var most = (long)options.MaxTokenLifetime.TotalSeconds;
        var inactivity = client?.RefreshTokenInactivitySeconds ?? (long)(options.RefreshTokens.InactivityLifetime ?? DefaultInactivity).TotalSeconds;
        return Math.Min(now + Math.Min(inactivity, most), grantEnd);
    }
}
