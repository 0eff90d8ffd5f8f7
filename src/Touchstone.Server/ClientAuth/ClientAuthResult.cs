using Touchstone.Protocol;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Clients;

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
}

/// <summary>The client and how it proved itself, or why not.</summary>
internal readonly record struct ClientAuthResult(Client? Client, ClientAuthMethod Method, AuthFailure Failure)
{
    internal static ClientAuthResult Success(Client client, ClientAuthMethod method) => new(client, method, AuthFailure.None);

    internal static ClientAuthResult Fail(AuthFailure failure) => new(null, default, failure);

    /// <summary>The wire error: <c>invalid_request</c> for an ambiguity, else <c>invalid_client</c> whatever the reason.</summary>
    internal OAuthError Error => Failure is AuthFailure.Ambiguous
        ? OAuthError.InvalidRequest.With("Use one client authentication method, once.")
        : OAuthError.InvalidClient;

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
        _ => "authenticated",
    };
}
