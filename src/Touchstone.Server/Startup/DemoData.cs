using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Limits;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.TokenIssue;

namespace Touchstone.Server.Startup;

/// <summary>What <c>serve --demo</c> makes: a resource server, a client and an active token; on a restart the same ones, and a new token only when the old one is dead.</summary>
internal sealed class DemoData(ITokenStore store, TokenLookup tokens, RevocationLog log, ClientDirectory clients, TokenIssuer issuer, ServerOptions options, TimeProvider time)
{
    internal const string ResourceServerId = "demo-api";
    internal const string ClientId = "demo-app";
    private const string Audience = "https://api.demo.example";
    private const string Scope = "orders:read orders:write";

    internal string File => Path.Combine(options.Data, "demo.json");

    internal async Task<DemoFile> EnsureAsync(CancellationToken cancellationToken)
    {
        var kept = CredentialsFile.Read(File, CredentialsJson.Default.DemoFile, "Move it away and start with --demo again: another one is made, with new secrets.");
        var demo = new DemoFile(
            options.EffectiveIssuer,
            options.EffectiveIssuer + "/oauth/introspect",
            options.EffectiveIssuer + "/oauth/revoke",
            options.EffectiveIssuer + "/oauth/token",
            new DemoResourceServer(ResourceServerId, kept?.ResourceServer.ClientSecret ?? Secrets.Create(), Audience),
            new ClientSecretPair(ClientId, kept?.Client.ClientSecret ?? Secrets.Create()),
            kept is not null && await IsActiveAsync(kept.AccessToken, cancellationToken) ? kept.AccessToken : issuer.CreateToken(TokenKind.AccessToken));
        // The file first: what is in the store but in no file would be lost.
        if (demo != kept) CredentialsFile.Write(File, demo, CredentialsJson.Default.DemoFile);
        await EnsureClientAsync(ResourceServerId, ClientRegistration.ResourceServerKind, demo.ResourceServer.ClientSecret);
        await EnsureClientAsync(ClientId, ClientRegistration.ClientKind, demo.Client.ClientSecret);
        if (demo.AccessToken != kept?.AccessToken || !await IsActiveAsync(demo.AccessToken, cancellationToken)) await store.AddTokensAsync([Record(demo.AccessToken)]);
        return demo;
    }

    private async Task EnsureClientAsync(string id, string kind, string secret)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (clients.Find(id) is { } client)
        {
            // Another data folder's demo.json, or an edited one: the file is what the newcomer reads, so the store follows it.
            if (client.Registration.Secrets.Any(known => known.Sha256 == Secrets.Hash(secret, now).Sha256 && known.ExpiresAt is null)) return;
            var changed = client.Registration with { Secrets = [Secrets.Hash(secret, now)] };
            if (!await log.TryChangeAsync(client.Registration, changed, Protocol.Revocation.Selector.Registration(id), Protocol.Revocation.RevocationRow.Server)) throw Bootstrap.ChangedMeanwhile(id);
            return;
        }
        await store.AddClientAsync(new ClientRegistration
        {
            ClientId = id,
            Kind = kind,
            AuthMethods = ClientAuthMethods.Default,
            Audience = [Audience],
            Scope = kind == ClientRegistration.ClientKind ? Scope : "",
            MayIntrospect = kind == ClientRegistration.ResourceServerKind,
            Limits = ClientLimits.None,
            CreatedAt = now,
            Secrets = [Secrets.Hash(secret, now)],
        });
    }

    private async Task<bool> IsActiveAsync(string token, CancellationToken cancellationToken)
    {
        var found = await tokens.FindAsync(TokenHash.Of(token), cancellationToken);
        return IntrospectionRules.WhyInvalid(found.Record, found.Match, time.GetUtcNow().ToUnixTimeSeconds()) is InactiveReason.None;
    }

    private TokenRecord Record(string token)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        return new TokenRecord
        {
            Hash = TokenHash.Of(token), Kind = TokenKind.AccessToken, ClientId = ClientId, Issuer = options.EffectiveIssuer, Born = log.Seq, Subject = "alice", Username = "alice@example.com",
            Scope = ScopeSet.TryParse(Scope, out var scope) ? scope : ScopeSet.Empty, Audience = [Audience], Jti = TokenIssuer.CreateJti(), IssuedAt = now, ExpiresAt = now + Math.Min(86400, (long)options.MaxTokenLifetime.TotalSeconds),
        };
    }
}
