using Touchstone.Protocol;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Limits;

namespace Touchstone.Server.ClientAuth;

/// <summary>Why a caller was not recognised: for metrics, logs and administrators, never for the wire.</summary>
internal enum AuthFailure
{
    None,
    Missing,
    Unreadable,
    Ambiguous,
    UnknownClient,
    WrongSecret,
    MethodNotRegistered,
    Disabled,

    /// <summary>A client assertion that says something wrong; <see cref="ClientAssertionFault"/> tells what.</summary>
    Assertion,

    /// <summary>No registered key of this <c>kid</c> and algorithm.</summary>
    UnknownKey,
    WrongSignature,

    /// <summary>The secret for <c>client_secret_jwt</c> can't be decrypted here.</summary>
    SecretUnreadable,

    /// <summary>The <c>jti</c> was used before.</summary>
    Replayed,

    /// <summary>The <c>jwks_uri</c> can't be read.</summary>
    KeysUnavailable,
    CertificateMissing,
    CertificateUnreadable,
    CertificateUntrusted,
    CertificateExpired,
    CertificateOfAnother,

    /// <summary>An access token that is not active, not for this server, without the scope, or bound to something that was not shown.</summary>
    Token,

    /// <summary>Too many slow hashes wait: 503.</summary>
    Busy,

    /// <summary>This client failed here too often and has to wait: 429.</summary>
    Delayed,
}

/// <summary>The client and how it proved itself, or why not.</summary>
internal readonly record struct ClientAuthResult
{
    private readonly Client? _client;

    private ClientAuthResult(Client? client, ClientAuthMethod method, AuthFailure failure)
    {
        _client = client;
        Method = method;
        Failure = failure;
    }

    /// <summary>The client that proved itself; null when none did.</summary>
    internal Client? Client => Failure is AuthFailure.None ? _client : null;

    /// <summary>The registered client that was named, proven or not.</summary>
    internal Client? Named => _client;

    /// <summary>The identifier that was claimed, where no client has it.</summary>
    internal string? Claimed { get; init; }

    internal ClientAuthMethod Method { get; }

    internal AuthFailure Failure { get; }

    /// <summary>How long to wait, where that is why.</summary>
    internal TimeSpan RetryAfter { get; private init; }

    /// <summary>Whether a proof was wrong, as that of somebody who guesses is. What is only too late, not registered or out of reach is none.</summary>
    internal bool IsGuess => Failure is AuthFailure.WrongSecret or AuthFailure.WrongSignature or AuthFailure.UnknownKey or AuthFailure.CertificateUntrusted or AuthFailure.CertificateOfAnother;

    /// <summary>Whether it is the caller's failure and not ours.</summary>
    internal bool IsOfCaller => Failure is not (AuthFailure.None or AuthFailure.Busy or AuthFailure.KeysUnavailable or AuthFailure.SecretUnreadable or AuthFailure.Delayed);

    /// <summary>What is wrong with an assertion.</summary>
    internal ClientAssertionFault Fault { get; init; }

    internal static ClientAuthResult Success(Client client, ClientAuthMethod method) => new(client, method, AuthFailure.None);

    internal static ClientAuthResult Fail(AuthFailure failure, ClientAuthMethod method = default, Client? named = null) => new(named, method, failure);

    internal static ClientAuthResult Wait(Client client, ClientAuthMethod method, TimeSpan delay) => new(client, method, AuthFailure.Delayed) { RetryAfter = delay };

    /// <summary>The wire error: <c>invalid_request</c> for an ambiguity, <c>invalid_token</c> for an access token, else <c>invalid_client</c> whatever the reason.</summary>
    internal OAuthError Error => Failure switch
    {
        AuthFailure.Ambiguous => OAuthError.InvalidRequest.With("Use one client authentication method, once."),
        AuthFailure.Busy => OAuthError.TemporarilyUnavailable.With("Too many secrets are being verified. Try again."),
        AuthFailure.Delayed => OAuthError.RateLimitExceeded.With("This client failed to authenticate too often from this address."),
        // Also for a token without the scope: RFC 7662 §2.3 asks for 401 where RFC 6750 would say 403.
        _ when Method is ClientAuthMethod.Bearer => OAuthError.InvalidToken,
        _ => OAuthError.InvalidClient,
    };

    /// <summary>The name of the reason in metrics and logs.</summary>
    internal string Reason => Failure switch
    {
        AuthFailure.Missing => "credentials_missing",
        AuthFailure.Unreadable => "credentials_unreadable",
        AuthFailure.Ambiguous => "credentials_ambiguous",
        AuthFailure.UnknownClient => "unknown_client",
        AuthFailure.WrongSecret => "wrong_secret",
        AuthFailure.MethodNotRegistered => "method_not_registered",
        AuthFailure.Disabled => "client_disabled",
        AuthFailure.Assertion => Fault.Name(),
        AuthFailure.UnknownKey => "unknown_key",
        AuthFailure.WrongSignature => "wrong_signature",
        AuthFailure.SecretUnreadable => "secret_unreadable",
        AuthFailure.Replayed => "assertion_replayed",
        AuthFailure.KeysUnavailable => "keys_unavailable",
        AuthFailure.CertificateMissing => "certificate_missing",
        AuthFailure.CertificateUnreadable => "certificate_unreadable",
        AuthFailure.CertificateUntrusted => "certificate_untrusted",
        AuthFailure.CertificateExpired => "certificate_expired",
        AuthFailure.CertificateOfAnother => "certificate_of_another",
        AuthFailure.Token => "token_refused",
        AuthFailure.Busy => "too_many_secrets",
        AuthFailure.Delayed => AddressLimits.Delayed,
        _ => "authenticated",
    };
}
