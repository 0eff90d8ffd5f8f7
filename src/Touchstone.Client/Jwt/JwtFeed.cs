using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Touchstone.Client.Follow;
using Touchstone.Client.Upstream;
using Touchstone.Protocol.Following;
using Touchstone.Protocol.Jwt;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Client.Jwt;

/// <summary>What the revocation feed says of JWTs that the server was not asked about.</summary>
internal sealed class JwtFeed(TokenIntrospectionOptions options, FeedFollower follower, Discovery discovery, TimeProvider time)
{
    // By how much the clocks of the server and of another issuer may differ, and what was issued just then counts as ended.
    private const long Margin = 60;

    /// <summary>Whether the feed is followed, or should be: so too where that can't be found out.</summary>
    internal async ValueTask<bool> MayBeThereAsync(CancellationToken cancellationToken)
    {
        await discovery.LookAsync(options.TryTimeout, cancellationToken);
        // A feed that is not to be followed tells nothing of revoked JWTs: the server has to.
        return discovery.Known is not { Feed: null } || follower.At(time.Read()) is not Freshness.Plain;
    }

    /// <summary>Begins to follow, if need be, and waits for the first word. A check that would go on for so long without the feed makes that known.</summary>
    internal ValueTask FollowAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        follower.Start();
        follower.Want(grace);
        return follower.WaitForFirstAsync(cancellationToken);
    }

    /// <summary>What is known of a JWT, and by what it is to be judged from now on. Good only where the feed is followed now; asked after the last wait.</summary>
    internal (JwtStanding Standing, FollowedMark Mark) Judge(SignedJwt jwt, ReadOnlySpan<byte> token, bool isOfServer, bool mayTellOfItself)
    {
        // First the lease, then the view: what gave the lease is in it.
        var isFollowed = follower.At(time.Read()) is Freshness.Followed;
        var view = follower.View;
        if (view.Jwts is not { } grounds) return default;
        Birth? birth = null;
        // Without its birth, what the server knows of a JWT of its own and this does not say may end it too.
        var isUntold = isOfServer && !(mayTellOfItself && Birth.TryRead(jwt, out birth));
        ulong[] tags = [.. SelectorsOf(jwt, TokenHash.Of(token), birth).Select(selector => grounds.Key.NumberOf(selector))];
        var issued = jwt.TryReadTime("iat"u8, out var at) && at is { } second ? second - Margin : (long?)null;
        var standing = view.Judge(new FollowedJwt(tags, birth?.Born, issued));
        // One of another issuer may live so long that the row which ended it is forgotten.
        if (standing is JwtStanding.Good && !isOfServer && !(issued is { } from && jwt.TryReadTime("exp"u8, out var until) && until - from - Margin <= grounds.ReachSeconds)) standing = JwtStanding.Unknown;
        if (standing is JwtStanding.Good && (isUntold || !isFollowed)) standing = JwtStanding.Unknown;
        return (standing, new FollowedMark(view.Head.Epoch, view.Head.Seq, tags));
    }

    // By jti, for the same claims may be signed twice; by its bytes too, for who revoked it may have known nothing else.
    private static IEnumerable<Selector> SelectorsOf(SignedJwt jwt, TokenHash hash, Birth? birth)
    {
        var issuer = jwt.Text("iss"u8)!;
        yield return Selector.Token(hash);
        yield return Selector.All;
        if (jwt.Text("jti"u8) is { } jti) yield return Selector.Jwt(issuer, jti);
        if (jwt.Text("sid"u8) is { } session) yield return Selector.Session(issuer, session);
        if (jwt.Text("client_id"u8) is { } client) yield return Selector.Client(client);
        if (jwt.Text("sub"u8) is { } subject) yield return Selector.Subject(issuer, subject);
        if (birth is null) yield break;
        foreach (var ancestor in birth.Ancestors) yield return Selector.Token(ancestor);
        if (birth.Grant is { } grant) yield return Selector.Grant(grant);
        if (birth.Tenant is not { } tenant) yield break;
        yield return Selector.Tenant(tenant);
        if (jwt.Text("sub"u8) is { } member) yield return Selector.Member(tenant, issuer, member);
    }

    /// <summary>What a JWT of the server says of itself beside the registered claims (docs/feed.md): the state of the log that it was issued against, and whatever else could end it.</summary>
    private sealed record Birth((Guid Epoch, long Seq) Born, string? Grant, string? Tenant, TokenHash[] Ancestors)
    {
        internal static bool TryRead(SignedJwt jwt, [NotNullWhen(true)] out Birth? birth)
        {
            birth = null;
            if (!jwt.Claims.TryGetProperty("touchstone"u8, out var told) || told.ValueKind is not JsonValueKind.Object) return false;
            // What is not understood may be what ends it.
            if (told.EnumerateObject().Any(member => member.Name is not ("born" or "grant" or "tenant" or "ancestors"))) return false;
            if (!TryReadText(told, "born"u8, out var born) || !FollowedMark.TryReadAsOf(born, out var epoch, out var seq)) return false;
            if (!TryReadText(told, "grant"u8, out var grant) || !TryReadText(told, "tenant"u8, out var tenant) || !TryReadHashes(told, out var ancestors)) return false;
            birth = new Birth((epoch, seq), grant, tenant, ancestors);
            return true;
        }

        private static bool TryReadText(JsonElement told, ReadOnlySpan<byte> name, out string? text)
        {
            text = null;
            if (!told.TryGetProperty(name, out var value)) return true;
            if (value.ValueKind is not JsonValueKind.String) return false;
            text = value.GetString();
            return true;
        }

        private static bool TryReadHashes(JsonElement told, out TokenHash[] hashes)
        {
            hashes = [];
            if (!told.TryGetProperty("ancestors"u8, out var list)) return true;
            if (list.ValueKind is not JsonValueKind.Array || list.GetArrayLength() > TokenRecord.MaxAncestors) return false;
            hashes = new TokenHash[list.GetArrayLength()];
            for (var i = 0; i < hashes.Length; i++)
            {
                if (list[i].ValueKind is not JsonValueKind.String || !TokenHash.TryParse(list[i].GetString()!, out hashes[i])) return false;
            }
            return true;
        }
    }
}
