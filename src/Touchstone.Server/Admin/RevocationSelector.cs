using System.Diagnostics.CodeAnalysis;
using System.Text;
using Touchstone.Protocol.Jwt;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Admin;

/// <summary>Reads what an administrator wants ended: exactly one thing, named one way.</summary>
internal static class RevocationSelector
{
    /// <summary>The selector asked for, null for a jti (which has to be looked up), or what is wrong.</summary>
    internal static bool TryMake(NewRevocation asked, string ownIssuer, out Selector? selector, [NotNullWhen(false)] out ProblemError? error)
    {
        selector = null;
        error = Error(asked);
        if (error is not null) return false;

        var issuer = asked.Iss ?? ownIssuer;
        TokenHash hash = default;
        selector = asked switch
        {
            { Token: { } token } => Selector.Token(TokenHash.Of(token)),
            { TokenSha256: { } text } when TokenHash.TryParse(text, out hash) => Selector.Token(hash),
            { Grant: { } grant } => Selector.Grant(grant),
            { Session: { } session } => Selector.Session(issuer, session),
            { Sub: { } subject } => Selector.Subject(issuer, subject),
            { ClientId: { } client } => Selector.Client(client),
            { Tenant: { } tenant } => Selector.Tenant(tenant),
            { All: true } => Selector.All,
            _ => null,
        };
        return true;
    }

    /// <summary>What names a token that is a JWT, whatever its signature. What it says was not verified, and an administrator who wants it ended says that it is so.</summary>
    internal static bool IsJwt(string token, out string issuer, out string jti)
    {
        (issuer, jti) = ("", "");
        if (!token.StartsWith("eyJ", StringComparison.Ordinal) || !SignedJwt.TryRead(Encoding.UTF8.GetBytes(token), out var jwt)) return false;
        (issuer, jti) = (jwt.Text("iss"u8) ?? "", jwt.Text("jti"u8) ?? "");
        return TokenRegistration.IsIssuer(issuer) && ClientRules.IsName(jti);
    }

    private static ProblemError? Error(NewRevocation asked)
    {
        string?[] names = [asked.Token, asked.TokenSha256, asked.Jti, asked.Grant, asked.Session, asked.Sub, asked.ClientId, asked.Tenant, asked.All ? "all" : null];
        if (names.Count(name => name is not null) != 1) return new ProblemError("name exactly one of token, token_sha256, jti, grant, session, sub, client_id, tenant, all");
        if (asked.Token is { Length: 0 or > TokenFormat.MaxLength }) return new ProblemError($"must be 1 to {TokenFormat.MaxLength} bytes", "token");
        if (asked.TokenSha256 is { } text && !TokenHash.TryParse(text, out _)) return new ProblemError("must be 64 lower-case hexadecimal digits", "token_sha256");
        if (asked.Token is null && asked.TokenSha256 is null && !ClientRules.IsName(names.First(name => name is not null)!)) return new ProblemError("must be 1 to 200 characters without control characters");
        if (asked.Iss is not null && asked is { Jti: null, Session: null, Sub: null }) return new ProblemError("goes with jti, session and sub only", "iss");
        if (asked.Iss is not null && !TokenRegistration.IsIssuer(asked.Iss)) return new ProblemError("must be an absolute http or https URL", "iss");
        if (asked.IssuedBefore is not null && asked is { Sub: null, ClientId: null, Tenant: null, All: false }) return new ProblemError("goes with sub, client_id, tenant and all only: the others end for ever", "issued_before");
        if (asked.IssuedBefore is <= 0) return new ProblemError("must be seconds since 1970", "issued_before");
        if (asked.Reason is not null && !ClientRules.IsName(asked.Reason)) return new ProblemError("must be 1 to 200 characters without control characters", "reason");
        return null;
    }
}
