using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol;
using Touchstone.Protocol.Jwt;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Feed;
using Touchstone.Server.Http;
using Touchstone.Server.Leases;
using Touchstone.Server.Signing;

namespace Touchstone.Server.Introspection;

/// <summary>What an answer is signed with, and for whom it is encrypted besides.</summary>
internal sealed record AnswerKeys(SigningKey Signing, EncryptionKey? Recipient);

/// <summary>
/// Introspection answers as signed JWTs (RFC 9701), encrypted for the caller where it is registered so. What is within is what the plain answer would be; around it stand who says it, to whom and when, and nothing that could make it pass for a token.
/// </summary>
internal sealed class SignedAnswers(SigningKeys signing, RemoteKeySets remoteKeys, ClientDirectory clients, Freshness freshness, ServerOptions options, TimeProvider time)
{
    private static readonly OAuthError NotAcceptable = OAuthError.NotAcceptable.With($"Accept application/json or {AnswerForms.SignedType}.");
    private static readonly OAuthError NoKey = OAuthError.TemporarilyUnavailable.With("The answer is to be encrypted for this client, and no key of it can be had. It is not answered otherwise.");

    private static readonly OAuthError Changed = OAuthError.TemporarilyUnavailable.With("The registration of this client changed meanwhile. Ask again.");

    private readonly byte[] _start = [.. "{\"iss\":\""u8, .. JsonEncodedText.Encode(options.EffectiveIssuer).EncodedUtf8Bytes, .. "\",\"aud\":\""u8];

    /// <summary>Finds the keys. Before the token is judged, since this may wait: between a judgement and its answer nothing does. False where the request is refused.</summary>
    internal async ValueTask<bool> PrepareAsync(FormExchange exchange)
    {
        if (exchange.Wanted is AnswerForm.Neither)
        {
            exchange.Refuse(NotAcceptable);
            return false;
        }
        var client = exchange.Caller!;
        var finding = signing.EnsureAsync(client.Registration.IntrospectionSignedResponseAlg ?? ResponseRules.DefaultSigning);
        var waits = !finding.IsCompletedSuccessfully || client.Registration is { IntrospectionEncryptedResponseAlg: not null, JwksUri: not null };
        var key = await finding;
        EncryptionKey? recipient = null;
        if (client.Registration.IntrospectionEncryptedResponseAlg is { } algorithm && (recipient = await FindAsync(client, algorithm)) is null)
        {
            exchange.Refuse(NoKey, "keys_unavailable");
            return false;
        }
        exchange.AnswerKeys = new AnswerKeys(key, recipient);
        if (!waits) return true;
        await freshness.EnsureAsync(); // Memory decides about the token.
        // And about the caller, which was judged before the wait: disabled since, or with another view, it is not the one that is to be answered.
        if (clients.Find(client.Id) is { } current && (current == client || current.Introspecting == client)) return true;
        exchange.RefuseForNow(Changed, "caller_changed", TimeSpan.FromSeconds(1));
        return false;
    }

    /// <summary>Answers 200 with a JWT around the plain answer.</summary>
    internal void Answer(FormExchange exchange, ReadOnlySpan<byte> answer, string outcome, string reason)
    {
        var name = exchange.Caller!.NameInJson;
        var about = AboutOf(exchange);
        var rented = ArrayPool<byte>.Shared.Rent(_start.Length + name.Length + answer.Length + about.Length + 64);
        try
        {
            var claims = Write(rented, name, answer, about);
            var (key, recipient) = exchange.AnswerKeys!;
            var size = JwtWriter.SizeOf(key, JwtRules.AnswerType, claims.Length);
            if (recipient is null)
            {
                exchange.Conclude(outcome, reason);
                Responses.Begin(exchange.Http.Response, StatusCodes.Status200OK, AnswerForms.SignedType, size);
                var body = exchange.Http.Response.BodyWriter;
                JwtWriter.Write(key, JwtRules.AnswerType, claims, body.GetSpan(size)[..size]);
                body.Advance(size);
                return;
            }
            var jwt = ArrayPool<byte>.Shared.Rent(size);
            JwtWriter.Write(key, JwtRules.AnswerType, claims, jwt.AsSpan(0, size));
            byte[] encrypted;
            try
            {
                encrypted = EncryptedJwt.Encrypt(recipient, exchange.Caller.Registration.IntrospectionEncryptedResponseEnc ?? ResponseRules.DefaultEncryption, jwt.AsSpan(0, size));
            }
            catch (CryptographicException)
            {
                exchange.Refuse(NoKey, "keys_unavailable"); // It reads as a key, and is none to encrypt with.
                return;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(jwt, clearArray: true);
            }
            exchange.Conclude(outcome, reason);
            Responses.Begin(exchange.Http.Response, StatusCodes.Status200OK, AnswerForms.SignedType, encrypted.Length);
            exchange.Http.Response.BodyWriter.Write(encrypted);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }

    // Which token it is about, and what keeps it in a cache, as the headers have it: else whoever ends TLS between could exchange answers, or change what ends them. Letters, digits and what base64url has: nothing of it needs escaping.
    private static byte[] AboutOf(FormExchange exchange)
    {
        var headers = exchange.Http.Response.Headers;
        var asOf = exchange.AsOf is not null && headers[FollowedAnswers.AsOf] is [{ } state] ? $",\"as_of\":\"{state}\"" : "";
        var tags = asOf.Length > 0 && headers[FollowedAnswers.Tags] is [{ } all] ? $",\"tags\":\"{all}\"" : "";
        return Encoding.ASCII.GetBytes($",\"touchstone\":{{\"token_sha256\":\"{TokenHash.Of(exchange.Form["token"u8])}\"{asOf}{tags}}}}}");
    }

    // {"iss":…,"aud":…,"iat":…,"token_introspection":…,"touchstone":…}. No sub and no exp beside them (RFC 9701 §5): an access token has both.
    private ReadOnlySpan<byte> Write(byte[] buffer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> answer, byte[] about)
    {
        var end = 0;
        void Put(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(buffer.AsSpan(end));
            end += bytes.Length;
        }

        Put(_start);
        Put(name);
        Put("\",\"iat\":"u8);
        time.GetUtcNow().ToUnixTimeSeconds().TryFormat(buffer.AsSpan(end), out var digits, provider: CultureInfo.InvariantCulture);
        end += digits;
        Put(",\"token_introspection\":"u8);
        Put(answer);
        Put(about);
        return buffer.AsSpan(0, end);
    }

    private async ValueTask<EncryptionKey?> FindAsync(Client client, string algorithm)
    {
        if (client.Registration.JwksUri is not { } uri) return Find(client.Keys, algorithm);
        if (await remoteKeys.GetAsync(uri) is not { } keys) return null;
        // One that was added since: one more look, as often as RemoteKeySets allows.
        return Find(keys, algorithm) ?? (await remoteKeys.RefreshAsync(uri, keys) is { } newer ? Find(newer, algorithm) : null);
    }

    // The first that fits: who rotates puts the new one first, and opens with both for a while.
    private static EncryptionKey? Find(KeySet keys, string algorithm)
    {
        foreach (var key in keys.EncryptionKeys)
        {
            if (key.Algorithm == algorithm) return key;
        }
        return null;
    }
}
