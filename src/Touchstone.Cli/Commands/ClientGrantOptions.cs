using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary>What tokens a client may be issued: options of <c>client add</c> and <c>client set-grants</c>.</summary>
internal static class ClientGrantOptions
{
    private static readonly Option<string[]> GrantType = new("--grant-type") { Description = "A grant type that it may use; may repeat. The list takes the place of the one before, but a policy of exchange allows exchange whatever it says. [default: client_credentials]", HelpName = "type" };

    private static readonly Option<string?> Format = new("--access-token-format") { Description = "opaque, or jwt (RFC 9068): of a client, what its access tokens are; of a resource server, what those for it are where the client says nothing. [default: opaque]", HelpName = "opaque|jwt" };

    private static readonly Option<string?> SigningAlg = new("--access-token-signing-alg") { Description = "What signs JWT access tokens. [default: ES256]", HelpName = "ES256|RS256" };

    private static readonly Option<string[]> ExchangeTarget = new("--exchange-target") { Description = "A resource that it may exchange tokens for (RFC 8693); may repeat. With it go --exchange-impersonation, --exchange-delegation or both.", HelpName = "uri" };

    private static readonly Option<bool> ExchangeImpersonation = new("--exchange-impersonation") { Description = "It may exchange a token without naming an actor: the new one speaks for the subject alone." };

    private static readonly Option<bool> ExchangeDelegation = new("--exchange-delegation") { Description = "It may exchange a token and name an actor." };

    private static readonly Option<string[]> ExchangeSubjectAudience = new("--exchange-subject-audience") { Description = "It may exchange tokens of other clients that are for this audience; may repeat. [default: its own tokens only]", HelpName = "uri" };

    private static readonly Option<string[]> ExchangeSubjectIssuer = new("--exchange-subject-issuer") { Description = "An issuer whose tokens it may exchange; may repeat. [default: this server]", HelpName = "url" };

    private static readonly Option<TimeSpan?> RefreshInactivity = Duration.Option("--refresh-inactivity", "How long its refresh tokens may lie unused. [default: the server's, 14d]");

    private static readonly Option<TimeSpan?> RefreshAbsolute = Duration.Option("--refresh-absolute", "How long its grants last from their first token, however often they are refreshed. [default: the server's, 90d]");

    private static readonly Option<bool?> DPoPBound = new("--dpop-bound") { Description = "It is issued tokens only against a DPoP proof, bound to its key (RFC 9449). [default: false]" };

    private static readonly Option<bool?> CertificateBound = new("--certificate-bound") { Description = "Its access tokens are bound to the TLS client certificate of its request (RFC 8705). [default: false]" };

    private static readonly Option<string[]> DetailsType = new("--authorization-details-type") { Description = "A type of authorization details that it may ask for (RFC 9396); may repeat. [default: none]", HelpName = "type" };

    private static readonly string[] Members =
    [
        "grant_types", "access_token_format", "access_token_signing_alg", "token_exchange", "refresh_token_inactivity_seconds", "refresh_token_absolute_seconds",
        "dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens", "authorization_details_types",
    ];

    internal static IEnumerable<Option> All { get; } =
    [
        GrantType, Format, SigningAlg, RefreshInactivity, RefreshAbsolute, DPoPBound, CertificateBound, DetailsType,
        ExchangeTarget, ExchangeImpersonation, ExchangeDelegation, ExchangeSubjectAudience, ExchangeSubjectIssuer,
    ];

    /// <summary>Takes the list of types back; beside <see cref="All"/>, for a client that is there.</summary>
    internal static readonly Option<bool> NoDetails = new("--no-authorization-details") { Description = "It may ask for no type of authorization details." };

    /// <summary>Takes the policy back; beside <see cref="All"/>, for a client that is there.</summary>
    internal static readonly Option<bool> NoExchange = new("--no-exchange") { Description = "It may exchange no tokens." };

    static ClientGrantOptions()
    {
        Format.TakesOneOf("opaque", "jwt");
        SigningAlg.TakesOneOf("ES256", "RS256");
    }

    /// <summary>What a change names and takes back; null when it says nothing.</summary>
    internal static Outcome<JsonObject?> ReadChange(Call call)
    {
        var grants = Read(call) ?? [];
        if (call.Get(NoExchange) && !grants.TryAdd("token_exchange", null)) return Failure.Usage("--no-exchange and the options of a policy of exchange exclude each other: give one of the two");
        if (call.Get(NoDetails) && !grants.TryAdd("authorization_details_types", null)) return Failure.Usage("--no-authorization-details and --authorization-details-type exclude each other: give one of the two");
        return grants.Count == 0 ? null : grants;
    }

    /// <summary>All back to the default: the server takes back what is null.</summary>
    internal static JsonObject Default()
    {
        var grants = new JsonObject();
        foreach (var member in Members) grants[member] = null;
        return grants;
    }

    /// <summary>What was given; null when nothing was.</summary>
    internal static JsonObject? Read(Call call)
    {
        var grants = new JsonObject();
        if (call.Has(GrantType)) grants["grant_types"] = Requests.Array(call.Get(GrantType));
        if (call.Get(Format) is { } format) grants["access_token_format"] = format;
        if (call.Get(SigningAlg) is { } algorithm) grants["access_token_signing_alg"] = algorithm;
        if (ReadExchange(call) is { } exchange) grants["token_exchange"] = exchange;
        if (call.Get(RefreshInactivity) is { } inactivity) grants["refresh_token_inactivity_seconds"] = (long)inactivity.TotalSeconds;
        if (call.Get(RefreshAbsolute) is { } absolute) grants["refresh_token_absolute_seconds"] = (long)absolute.TotalSeconds;
        if (call.Get(DPoPBound) is { } dpop) grants["dpop_bound_access_tokens"] = dpop;
        if (call.Get(CertificateBound) is { } certificate) grants["tls_client_certificate_bound_access_tokens"] = certificate;
        if (call.Has(DetailsType)) grants["authorization_details_types"] = Requests.Array(call.Get(DetailsType));
        return grants.Count == 0 ? null : grants;
    }

    // Whole, as the server takes it: a policy is never a mixture of an old and a new one.
    private static JsonObject? ReadExchange(Call call)
    {
        var exchange = new JsonObject();
        if (call.Has(ExchangeTarget)) exchange["targets"] = Requests.Array(call.Get(ExchangeTarget));
        if (call.Get(ExchangeImpersonation)) exchange["impersonation"] = true;
        if (call.Get(ExchangeDelegation)) exchange["delegation"] = true;
        if (call.Has(ExchangeSubjectAudience)) exchange["subject_audiences"] = Requests.Array(call.Get(ExchangeSubjectAudience));
        if (call.Has(ExchangeSubjectIssuer)) exchange["subject_issuers"] = Requests.Array(call.Get(ExchangeSubjectIssuer));
        return exchange.Count == 0 ? null : exchange;
    }
}
