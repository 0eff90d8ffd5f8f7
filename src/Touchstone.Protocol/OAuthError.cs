namespace Touchstone.Protocol;

/// <summary>One row of the table of wire errors: the code, the HTTP status and the usual description.</summary>
/// <remarks>Descriptions keep to NQSCHAR (RFC 6749 A.8), so they can stand in JSON and in a challenge without escaping.</remarks>
/// <param name="Code">The value of <c>error</c>.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Description">The value of <c>error_description</c> where the place has nothing more exact to say.</param>
public sealed record OAuthError(string Code, int Status, string Description)
{
    /// <summary>RFC 6749 §5.2.</summary>
    public static OAuthError InvalidRequest { get; } = new("invalid_request", 400, "The request is malformed.");

    /// <summary>RFC 6749 §5.2; one text for an unknown client and for a wrong secret.</summary>
    public static OAuthError InvalidClient { get; } = new("invalid_client", 401, "Client authentication failed.");

    /// <summary>RFC 6749 §5.2.</summary>
    public static OAuthError InvalidGrant { get; } = new("invalid_grant", 400, "The grant is invalid, expired or revoked.");

    /// <summary>RFC 6749 §5.2.</summary>
    public static OAuthError UnauthorizedClient { get; } = new("unauthorized_client", 400, "This client may not use this grant type.");

    /// <summary>RFC 6749 §5.2.</summary>
    public static OAuthError UnsupportedGrantType { get; } = new("unsupported_grant_type", 400, "The grant type is not supported.");

    /// <summary>RFC 6749 §5.2.</summary>
    public static OAuthError InvalidScope { get; } = new("invalid_scope", 400, "The scope is malformed, unknown, or more than this client may ask for.");

    /// <summary>RFC 8707 §2.</summary>
    public static OAuthError InvalidTarget { get; } = new("invalid_target", 400, "The resource is malformed, unknown, or not for this client.");

    /// <summary>RFC 9396 §5.</summary>
    public static OAuthError InvalidAuthorizationDetails { get; } = new("invalid_authorization_details", 400, "The authorization details are malformed, unknown, or more than this client may ask for.");

    /// <summary>RFC 9449 §5; one text whatever is wrong with the proof.</summary>
    public static OAuthError InvalidDPoPProof { get; } = new("invalid_dpop_proof", 400, "The DPoP proof is missing, wrong, or was used before.");

    /// <summary>RFC 9449 §8: the nonce for the next proof stands in <c>DPoP-Nonce</c>.</summary>
    public static OAuthError UseDPoPNonce { get; } = new("use_dpop_nonce", 400, "Send a DPoP proof with the nonce in DPoP-Nonce.");

    /// <summary>RFC 6750 §3.1.</summary>
    public static OAuthError InvalidToken { get; } = new("invalid_token", 401, "The access token is expired, revoked, malformed or not for this server.");

    /// <summary>RFC 6750 §3.1.</summary>
    public static OAuthError InsufficientScope { get; } = new("insufficient_scope", 403, "The access token does not have the scope that this needs.");

    /// <summary>The caller is known but may not do this.</summary>
    public static OAuthError AccessDenied { get; } = new("access_denied", 403, "This client may not introspect.");

    /// <summary>No such endpoint.</summary>
    public static OAuthError NotFound { get; } = new("not_found", 404, "There is nothing at this path.");

    /// <summary>RFC 9110 §15.5.6: the endpoints take POST only, so that tokens never stand in URLs.</summary>
    public static OAuthError MethodNotAllowed { get; } = new("invalid_request", 405, "Use POST.");

    /// <summary>RFC 9110 §15.5.7: there is no answer of a type that the caller takes.</summary>
    public static OAuthError NotAcceptable { get; } = new("invalid_request", 406, "Accept application/json.");

    /// <summary>RFC 9110 §15.5.14.</summary>
    public static OAuthError ContentTooLarge { get; } = new("invalid_request", 413, "The request body is too large.");

    /// <summary>RFC 9110 §15.5.16.</summary>
    public static OAuthError UnsupportedMediaType { get; } = new("invalid_request", 415, "Send application/x-www-form-urlencoded.");

    /// <summary>RFC 6585 §4: too many requests, or too many failures. It says nothing about a token.</summary>
    public static OAuthError RateLimitExceeded { get; } = new("rate_limit_exceeded", 429, "Too many requests. Try again after the time in Retry-After.");

    /// <summary>RFC 9110 §15.5.9.</summary>
    public static OAuthError RequestTimeout { get; } = new("invalid_request", 408, "The request body did not come in time.");

    /// <summary>RFC 6749 §4.1.2.1 has the code: the store is out of reach; the state of the token is not known.</summary>
    public static OAuthError TemporarilyUnavailable { get; } = new("temporarily_unavailable", 503, "The token store is out of reach. Try again.");

    /// <summary>A bug of ours.</summary>
    public static OAuthError ServerError { get; } = new("server_error", 500, "An unexpected error occurred.");

    /// <summary>The same row with a description that says more.</summary>
    public OAuthError With(string description) => this with { Description = description };
}
