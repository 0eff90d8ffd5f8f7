using System.Globalization;
using System.Security.Cryptography;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Admin;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;
using Touchstone.Server.Feed;
using Touchstone.Server.Leases;
using Touchstone.Server.Revocation;
using Touchstone.Server.Signing;
using Touchstone.Server.Storage;
using Touchstone.Server.TokenIssue.Refresh;

namespace Touchstone.Server.Startup;

/// <summary>What happens between opening the store and the first request: memory is filled, the issuer is held to, the admin client exists.</summary>
internal sealed class Bootstrap(ITokenStore store, ServerMemory memory, Freshness freshness, RevocationLog log, ClientDirectory clients, FollowerTags tags, TokenIssue.ProofNonces nonces, RefreshSuccessors successors, SigningKeys keys, DemoData demo, AuditRecorder recorder, ServerOptions options, TimeProvider time)
{
    internal const string AdminId = "admin";
    private const string IssuerSetting = "issuer";
    private const string PairwiseSetting = "pairwise_key";
    private const string TagsSetting = "feed_tags_secret";
    private const string NoncesSetting = "dpop_nonce_key";

    internal string AdminFile => Path.Combine(options.Data, "admin.json");

    /// <summary>Gets everything ready; gives the demo's data when it is wanted.</summary>
    internal async Task<DemoFile?> RunAsync(CancellationToken cancellationToken)
    {
        var contents = await LoadAsync(holdsIssuer: true, cancellationToken);
        // For whoever looks into the data folder; and a write-ahead log that is not empty spares every look-up a call of fstat (0.4 µs).
        await store.SetAsync("started_at", time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));
        await HoldIssuerAsync(contents.Settings.GetValueOrDefault(IssuerSetting));
        await keys.BeginAsync();
        await EnsureAdminAsync();
        return options.Demo ? await demo.EnsureAsync(cancellationToken) : null;
    }

    /// <summary>Makes new credentials for the admin client. The file comes first: a secret that nobody has would lock everybody out again.</summary>
    internal async Task RecoverAsync(CancellationToken cancellationToken)
    {
        var contents = await LoadAsync(holdsIssuer: false, cancellationToken);
        if (clients.Find(AdminId) is not { } admin)
        {
            await EnsureAdminAsync(contents.Settings.GetValueOrDefault(IssuerSetting));
            return;
        }
        var secret = Secrets.Create();
        CredentialsFile.Write(AdminFile, new ClientSecretPair(AdminId, secret), CredentialsJson.Default.ClientSecretPair);
        var changed = admin.Registration with { Enabled = true, Secrets = [Secrets.Hash(secret, time.GetUtcNow().ToUnixTimeSeconds())] };
        // Whoever had the old credentials is out, with every token they got.
        if (!await log.TryChangeAsync(admin.Registration, changed, Selector.Client(AdminId), RevocationRow.Server)) throw ChangedMeanwhile(AdminId);
    }

    private async Task<StoreContents> LoadAsync(bool holdsIssuer, CancellationToken cancellationToken)
    {
        var contents = await store.LoadAsync(memory.Take, cancellationToken);
        // Before the first write: a start that is refused leaves nothing behind.
        if (holdsIssuer) RefuseOther(contents.Settings.GetValueOrDefault(IssuerSetting));
        // The very first: whoever verifies the chains of all nodes from the folder of one needs the key of this one as soon as there is a record of it.
        if (options.Postgres.Connection is not null) await store.SetOnceAsync(AuditKey.Setting + recorder.PublicKey.Node, recorder.PublicKey.Pem);
        freshness.Memory = memory;
        clients.PairwiseKey = await KeyAsync(contents, PairwiseSetting, PairwiseSubject.KeySize);
        tags.Secret = await KeyAsync(contents, TagsSetting, TagKey.Size);
        if (successors.AreDerived) successors.Secret = await KeyAsync(contents, RefreshSuccessors.Setting, RefreshSuccessors.SecretSize);
        nonces.Use(await KeyAsync(contents, NoncesSetting, Protocol.DPoP.DPoPNonces.MinKeySize));
        memory.Begin(contents);
        return contents;
    }

    // In the store, so that a backup has it and every node the same: without it every resource server with a pairwise view would know nobody again, and no follower would recognise what it holds.
    // Who has the store has the subjects themselves.
    private async Task<byte[]> KeyAsync(StoreContents contents, string name, int size)
    {
        contents.Settings.TryGetValue(name, out var kept);
        return Convert.FromBase64String(kept ?? await store.SetOnceAsync(name, Convert.ToBase64String(RandomNumberGenerator.GetBytes(size))));
    }

    // Tokens carry the issuer, and callers compare it: changing it would make every token of this store a stranger's.
    private async Task HoldIssuerAsync(string? kept)
    {
        var issuer = options.EffectiveIssuer;
        kept ??= await store.SetOnceAsync(IssuerSetting, issuer);
        RefuseOther(kept); // Another node that started at the same moment may have been first.
        if (kept != issuer) await store.SetAsync(IssuerSetting, issuer);
        // Looked at every time: a crash after the line above would otherwise leave an administrator whose tokens are for another server.
        if (clients.Find(AdminId) is { } admin && !admin.Registration.Audience.SequenceEqual([issuer]))
        {
            if (!await log.TryChangeAsync(admin.Registration, admin.Registration with { Audience = [issuer] }, Selector.Registration(AdminId), RevocationRow.Server)) throw ChangedMeanwhile(AdminId);
        }
    }

    private void RefuseOther(string? kept)
    {
        if (kept is null || kept == options.EffectiveIssuer || options.Demo) return;
        var place = options.Postgres.Connection is null ? "data folder" : "database";
        throw new StartupException($"This {place} belongs to the issuer {kept}, and the server was started as {options.EffectiveIssuer}. Start it with --issuer {kept}, or give the new issuer a {place} of its own.", isUsage: true);
    }

    /// <summary>Another node was at it in the same moment: what it made of the client is read at the next try.</summary>
    internal static StartupException ChangedMeanwhile(string id) => new($"The client {id} was changed by another node in the same moment. Try again.");

    private async Task EnsureAdminAsync(string? issuer = null)
    {
        if (clients.Find(AdminId) is not null) return;
        // A file without a client is what a crash in between leaves: those credentials may have been read already.
        var pair = CredentialsFile.Read(AdminFile, CredentialsJson.Default.ClientSecretPair) ?? new ClientSecretPair(AdminId, Secrets.Create());
        CredentialsFile.Write(AdminFile, pair, CredentialsJson.Default.ClientSecretPair);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var isOurs = await store.AddClientAsync(new ClientRegistration
        {
            ClientId = AdminId,
            Kind = ClientRegistration.ClientKind,
            AuthMethods = ClientAuthMethods.Default,
            Audience = [issuer ?? options.EffectiveIssuer],
            Scope = AdminGate.Scope,
            CreatedAt = now,
            Secrets = [Secrets.Hash(pair.ClientSecret, now)],
        });
        // Another node that started at the same moment was first: its credentials are the administrator's, and these open nothing.
        if (!isOurs) File.Delete(AdminFile);
    }
}
