using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Signing;

namespace Touchstone.Server.TokenIssue;

/// <summary>Whether an access token is to be a JWT, and signed how: by the word of the client, else by that of the resource servers that it is for.</summary>
internal sealed class AccessTokenFormats(ClientDirectory clients)
{
    internal const string Opaque = "opaque", Jwt = "jwt";

    private Index _index = new(-1, []);

    internal static IReadOnlyList<string> All { get; } = [Opaque, Jwt];

    /// <summary>The algorithm that signs it; null for an opaque token.</summary>
    internal string? AlgorithmFor(Client client, TokenRecord record)
    {
        if (record.Kind is not TokenKind.AccessToken) return null;
        // One JWT shows each of them what is for the others alone (RFC 9396 §9.1).
        if (record.Audience.Count > 1 && DetailsFilter.IsNeeded(record.AuthorizationDetails.Span)) return null;
        var own = OwnOf(client);
        if (own?.AccessTokenFormat is Opaque) return null;
        var (wantAll, algorithm, isNarrowed) = WishesOf(record.Audience);
        // A JWT shows all that it says to everybody who holds it: a view that narrows would be none.
        if (isNarrowed || !(own?.AccessTokenFormat is Jwt || wantAll)) return null;
        return own?.AccessTokenSigningAlg ?? algorithm ?? SigningKey.Es256;
    }

    /// <summary>Whether the client itself is registered for JWTs. Where it is not, an opaque token is as good to it.</summary>
    internal static bool IsWishOf(Client client) => OwnOf(client)?.AccessTokenFormat is Jwt;

    // What a resource server is registered with is about tokens for it, not about those that it gets.
    private static GrantRegistration? OwnOf(Client client) => client.Registration is { Kind: ClientRegistration.ClientKind, Grants: { } grants } ? grants : null;

    private Wishes WishesOf(IReadOnlyList<string> audience)
    {
        var index = Current();
        var (wantAll, algorithm, isNarrowed) = (audience.Count > 0, (string?)null, false);
        foreach (var name in audience)
        {
            var wishes = index.ByAudience.GetValueOrDefault(name);
            wantAll &= wishes.WantJwt;
            isNarrowed |= wishes.IsNarrowed;
            algorithm = Both(algorithm, wishes.Algorithm);
        }
        return new Wishes(wantAll, algorithm, isNarrowed);
    }

    // Registrations change seldom, and tokens are made often.
    private Index Current()
    {
        var version = clients.Version; // Before the look: what changes meanwhile is looked at the next time.
        if (Volatile.Read(ref _index) is var index && index.Version == version) return index;
        var byAudience = new Dictionary<string, Wishes>(StringComparer.Ordinal);
        foreach (var server in clients.All.Select(client => client.Registration).Where(client => client.Kind == ClientRegistration.ResourceServerKind))
        {
            var own = new Wishes(server.Grants?.AccessTokenFormat is Jwt, server.Grants?.AccessTokenSigningAlg, server.View is { IsWhole: false });
            foreach (var name in server.Audience)
                byAudience[name] = byAudience.TryGetValue(name, out var others) ? new Wishes(others.WantJwt && own.WantJwt, Both(others.Algorithm, own.Algorithm), others.IsNarrowed || own.IsNarrowed) : own;
        }
        index = new Index(version, byAudience);
        Volatile.Write(ref _index, index);
        return index;
    }

    // RS256 is what every resource server supports (RFC 9068 §2.1): where they differ, it is the one for both.
    private static string? Both(string? one, string? other) => one is null || one == other ? other : other is null ? one : SigningKey.Rs256;

    private readonly record struct Wishes(bool WantJwt, string? Algorithm, bool IsNarrowed);

    private sealed record Index(long Version, Dictionary<string, Wishes> ByAudience);
}
