using System.Runtime.InteropServices;
using System.Text.Json;
using Touchstone.Client.Telemetry;
using Touchstone.Protocol.Jwt;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Client.Jwt;

/// <summary>What was in a signed answer: the plain one, and what the headers of a plain one say beside it. Those of a signed one say nothing: they are not signed.</summary>
internal readonly record struct OpenedAnswer(IntrospectionFault Fault, ReadOnlyMemory<byte> Json = default, string? AsOf = null, string? Tags = null);

/// <summary>Introspection answers that the server signs, and encrypts besides where it knows a key of this caller (RFC 9701). Where they are demanded, nothing else is an answer.</summary>
internal sealed class SignedAnswers
{
    internal const string MediaType = "application/token-introspection+jwt";

    private static readonly OpenedAnswer Malformed = new(IntrospectionFault.Malformed);

    private readonly string _issuer, _clientId;
    private readonly HashSet<string> _algorithms;
    private readonly Func<DecryptionKey>[] _openers;
    private readonly bool _mustBeEncrypted;
    private readonly CallbackFaults _faults;
    private readonly IssuerKeys _keys;
    private readonly TimeProvider _time;
    private readonly long _leeway;

    private SignedAnswers(TokenIntrospectionOptions options, IssuerKeyRing keys, CallbackFaults faults, TimeProvider time)
    {
        (_openers, _mustBeEncrypted, _faults) = ([.. options.SignedAnswerKeys], options.RequireEncryptedAnswers, faults);
        (_issuer, _clientId, _algorithms) = (options.Issuer!.OriginalString, options.ClientId!, LocalJwts.AlgorithmsOf(options.SignedAnswerAlgorithms));
        (_keys, _time, _leeway) = (keys.Of(_issuer), time, (long)options.Leeway.TotalSeconds);
    }

    /// <summary>Null where answers are plain JSON.</summary>
    internal static SignedAnswers? Of(TokenIntrospectionOptions options, IssuerKeyRing keys, CallbackFaults faults, TimeProvider time) => options.RequireSignedAnswers ? new SignedAnswers(options, keys, faults, time) : null;

    /// <summary>The answer within, as JSON, and by what it may be kept; or why there is none.</summary>
    internal async ValueTask<OpenedAnswer> OpenAsync(ReadOnlyMemory<byte> body, string token, CancellationToken cancellationToken)
    {
        if (!TryDecrypt(ref body)) return Malformed;
        var now = _time.Read().UnixSeconds();
        if (!SignedJwt.TryRead(body.Span, out var jwt) || JwtRules.JudgeAnswer(jwt, _issuer, _clientId, _algorithms, now, _leeway) is not JwtFault.None) return Malformed;
        var vouched = await _keys.VerifyAsync(jwt, cancellationToken);
        // Whose key it names the server says, not whoever brings the token: no key for it is an outage of the keys.
        if (vouched.Keys is null) return new OpenedAnswer(vouched.Fault is IntrospectionFault.UnknownKey ? IntrospectionFault.KeysUnavailable : vouched.Fault);
        if (vouched.Verdict is not SignatureVerdict.Good) return Malformed;
        var opened = new OpenedAnswer(IntrospectionFault.None, JsonMarshal.GetRawUtf8Value(jwt.Claims.GetProperty("token_introspection"u8)).ToArray());
        // Another server does not say which token it is about, and tells of no feed that could end it: such an answer is kept as an unfollowed one.
        if (!jwt.Claims.TryGetProperty("touchstone"u8, out var about)) return opened;
        if (about.ValueKind is not JsonValueKind.Object || TextOf(about, "token_sha256"u8) != TokenHash.Of(token).ToString()) return Malformed;
        return opened with { AsOf = TextOf(about, "as_of"u8), Tags = TextOf(about, "tags"u8) };
    }

    private static string? TextOf(JsonElement about, ReadOnlySpan<byte> name) => about.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    // That it opens says nothing of who wrote it: everybody has the public key. The signature within is judged all the same (RFC 8725 §3.3).
    private bool TryDecrypt(ref ReadOnlyMemory<byte> body)
    {
        if (!EncryptedJwt.IsEncrypted(body.Span)) return !_mustBeEncrypted;
        if (EncryptedJwt.Open(body.Span, Keys(), out var signed) is not JwtFault.None) return false;
        body = signed;
        return true;
    }

    // A key that can't be had now is none of those that open it.
    private IEnumerable<DecryptionKey> Keys()
    {
        foreach (var opener in _openers)
        {
            DecryptionKey? key = null;
            try
            {
                key = opener();
            }
            catch (Exception fault)
            {
                _faults.Tell("SignedAnswerKeys", fault);
            }
            if (key is not null) yield return key;
        }
    }
}
