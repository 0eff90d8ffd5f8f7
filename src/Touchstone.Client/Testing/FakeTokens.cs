using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Client.Testing;

/// <summary>A token that was issued.</summary>
/// <param name="Answer">What introspection says of it while it is active: JSON.</param>
/// <param name="ExpiresAt">Seconds since 1970.</param>
/// <param name="Tag">What the feed calls it.</param>
internal sealed record FakeToken(byte[] Answer, long ExpiresAt, string Tag);

/// <summary>Tokens that were issued, by hash as at any server.</summary>
internal sealed class FakeTokens(Uri issuer, TimeProvider time)
{
    private static readonly string[] Own = ["active", "iss", "sub", "client_id", "aud", "scope", "token_type", "iat", "exp", "jti"];

    private readonly ConcurrentDictionary<TokenHash, FakeToken> _issued = new();

    internal string Issue(IReadOnlyList<string> scopes, string? subject, IReadOnlyList<string> audience, TimeSpan expiresIn, string clientId, JsonObject? claims)
    {
        var issuedAt = time.GetUtcNow().ToUnixTimeSeconds();
        var expiresAt = issuedAt + (long)expiresIn.TotalSeconds;
        var answer = new JsonObject
        {
            ["active"] = true, ["iss"] = issuer.OriginalString, ["client_id"] = clientId, ["token_type"] = "Bearer", ["iat"] = issuedAt, ["exp"] = expiresAt, ["jti"] = RandomText(16),
        };
        if (subject is not null) answer["sub"] = subject;
        if (scopes.Count > 0) answer["scope"] = string.Join(' ', scopes);
        if (audience.Count > 0) answer["aud"] = audience.Count == 1 ? audience[0] : new JsonArray([.. audience.Select(one => (JsonNode?)one)]);
        foreach (var (name, value) in claims ?? [])
        {
            if (Own.Contains(name, StringComparer.OrdinalIgnoreCase)) throw new ArgumentException($"The claim '{name}' has a parameter of its own, or is the server's.", nameof(claims));
            answer[name] = value?.DeepClone();
        }
        var token = "fake_" + RandomText(32);
        _issued[TokenHash.Of(token)] = new FakeToken(Encoding.UTF8.GetBytes(answer.ToJsonString()), expiresAt, RandomText(8));
        return token;
    }

    internal string TagOf(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _issued.TryGetValue(TokenHash.Of(token), out var found) ? found.Tag : throw new ArgumentException("This server has not issued the token.", nameof(token));
    }

    /// <summary>The token, if it was issued and is not over.</summary>
    internal FakeToken? Find(ReadOnlySpan<byte> token) => _issued.TryGetValue(TokenHash.Of(token), out var found) && time.GetUtcNow().ToUnixTimeSeconds() < found.ExpiresAt ? found : null;

    // As long as a tag has to be, for 8 bytes.
    private static string RandomText(int bytes) => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(bytes));
}
