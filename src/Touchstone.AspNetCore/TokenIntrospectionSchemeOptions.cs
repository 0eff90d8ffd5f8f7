using Microsoft.AspNetCore.Authentication;
using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>How a scheme takes access tokens. From <c>Authentication:Schemes:NAME</c> of the configuration, then from code.</summary>
public sealed class TokenIntrospectionSchemeOptions : AuthenticationSchemeOptions
{
    /// <summary>The server that is asked, as whom, and how answers are kept.</summary>
    public TokenIntrospectionOptions Introspection { get; set; } = new();

    /// <summary>Names of this API, of which a token's audience must contain one. Empty: the audience is not looked at, which is right only where the server answers for this caller alone. Default empty.</summary>
    public IList<string> Audiences { get; set; } = [];

    /// <summary>What the challenge calls this API: visible ASCII without quotes and backslashes. Default <c>api</c>.</summary>
    public string Realm { get; set; } = "api";

    /// <summary>The identifier of this API (RFC 9728 §1.2): an absolute URL without query and fragment, https but for this host. Needed where its metadata is served. Default null.</summary>
    public Uri? Resource { get; set; }

    /// <summary>What the metadata of this API says beside that.</summary>
    public ProtectedResourceOptions Metadata { get; set; } = new();

    /// <summary>The URL of the protected resource metadata (RFC 9728) that the challenge names; null: that of <c>MapProtectedResourceMetadata</c>, or none.</summary>
    public string? ResourceMetadata { get; set; }

    /// <summary>How tokens are taken that are bound to a key (RFC 9449).</summary>
    public DPoPOptions DPoP { get; set; } = new();

    /// <summary>Where a token is taken from the query. Default null: nowhere.</summary>
    public TokenFromQueryOptions? TokenFromQuery { get; set; }

    /// <summary>Whether a challenge says why a token was refused (<c>error_description</c>), in words that tell nothing about the token. Default true.</summary>
    public bool IncludeErrorDetails { get; set; } = true;

    /// <summary>The claim that <c>User.Identity.Name</c> is. Default <see cref="TokenIntrospectionDefaults.NameClaimType"/>.</summary>
    public string NameClaimType { get; set; } = TokenIntrospectionDefaults.NameClaimType;

    /// <summary>The claim that <c>User.IsInRole</c> looks for. Default <see cref="TokenIntrospectionDefaults.RoleClaimType"/>.</summary>
    public string RoleClaimType { get; set; } = TokenIntrospectionDefaults.RoleClaimType;

    /// <summary>Whether the token is kept in the authentication properties, for calls on behalf of the user: <c>HttpContext.GetTokenAsync("access_token")</c>. Default false.</summary>
    public bool SaveToken { get; set; }

    /// <summary>How long a client should wait that was answered 503. From 1 second to 1 hour; default 1 second.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Which decisions are logged. Default none.</summary>
    public DecisionLogging LogDecisions { get; set; }

    // The client of the scheme, once it was needed: looking it up in the container would take as long as a look into its memory.
    internal IntrospectionClient? Client { get; set; }

    /// <summary>Where an application may step in.</summary>
    public new TokenIntrospectionEvents Events
    {
        get => (TokenIntrospectionEvents)base.Events!;
        set => base.Events = value;
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        var faults = Faults().Concat(Introspection.Faults()).ToArray();
        if (faults.Length > 0) throw new ArgumentException(string.Join(' ', faults));
    }

    private IEnumerable<string> Faults()
    {
        if (Realm.Length == 0 || Realm.AsSpan().ContainsAnyExceptInRange(' ', '~') || Realm.AsSpan().ContainsAny('"', '\\')) yield return "Realm must be visible ASCII without quotes and backslashes.";
        if (ResourceMetadata is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && !url.AsSpan().ContainsAnyExceptInRange('!', '~') && !url.AsSpan().ContainsAny('"', '\\'))) yield return "ResourceMetadata must be an absolute URL in visible ASCII.";
        if (RetryAfter < TimeSpan.FromSeconds(1) || RetryAfter > TimeSpan.FromHours(1)) yield return "RetryAfter must be from 1 second to 1 hour.";
        if (Resource is { } resource && !(resource.IsAbsoluteUri && (resource.Scheme == "https" || (resource.Scheme == "http" && resource.IsLoopback)) && resource.UserInfo.Length + resource.Query.Length + resource.Fragment.Length == 0 && !resource.OriginalString.AsSpan().ContainsAnyExceptInRange('!', '~'))) yield return "Resource must be an absolute https URL in visible ASCII, without user, query and fragment.";
        if (!Enum.IsDefined(LogDecisions)) yield return "LogDecisions is none of None, Denied and All.";
        if (TokenFromQuery is not null && DPoP.Mode is DPoPMode.Required) yield return "TokenFromQuery takes bearer tokens, and DPoP.Mode is Required: leave one of the two.";
        foreach (var fault in DPoP.Faults().Concat(TokenFromQuery?.Faults() ?? [])) yield return fault;
    }
}
