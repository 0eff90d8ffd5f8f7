using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Clients;

/// <summary>What a registration may be.</summary>
internal static class ClientRules
{
    internal const int MaxIdLength = 200;
    internal const int MaxAudience = 64;
    internal const int MaxUriLength = 2048;

    /// <summary>Every error of a registration, as member and detail.</summary>
    internal static IEnumerable<(string Member, string Detail)> Errors(ClientRegistration client)
    {
        if (!IsId(client.ClientId)) yield return ("client_id", $"must be 1 to {MaxIdLength} printable ASCII characters without / \\ ? # %, not beginning or ending with a space, and not . or ..");
        if (client.Kind is not (ClientRegistration.ResourceServerKind or ClientRegistration.ClientKind)) yield return ("kind", "must be resource-server or client");
        if (client.Public && client.Kind == ClientRegistration.ResourceServerKind) yield return ("public", "a resource server authenticates: it can't be public");
        if (client.Public && client.MayIntrospect) yield return ("may_introspect", "a public client can't prove who it is, so it may not introspect (RFC 7662 section 2.1)");
        if (client.Public != client.AuthMethods is ["none"]) yield return ("auth_methods", "a public client has exactly the method none, all others have others");
        foreach (var name in client.AuthMethods)
        {
            if (!ClientAuthMethods.TryParse(name, out _)) yield return ("auth_methods", $"'{name}' is none of {string.Join(", ", ClientAuthMethods.All)}, none");
        }
        if (client.Audience.Count > MaxAudience) yield return ("audience", $"at most {MaxAudience}");
        foreach (var uri in client.Audience)
        {
            if (!IsResource(uri)) yield return ("audience", $"'{uri}' must be an absolute URI without a fragment, at most {MaxUriLength} characters (RFC 8707 section 2)");
        }
        if (client.Kind == ClientRegistration.ResourceServerKind && client.Audience.Count == 0) yield return ("audience", "a resource server needs at least one identifier: without it, it would see no token");
        if (!ScopeSet.TryParse(client.Scope, out _)) yield return ("scope", "must be scope names of visible ASCII without \" and \\, separated by single spaces (RFC 6749 section 3.3)");
        if (client.Kind == ClientRegistration.ResourceServerKind && client.Scope.Length > 0) yield return ("scope", "is what a client may be granted; what a resource server may see is view.scope");
        if (client.Tenant is { } tenant && !IsName(tenant)) yield return ("tenant", "must be 1 to 200 printable characters");
        if (client.TagKey && client.Kind != ClientRegistration.ResourceServerKind) yield return ("tag_key", "is for resource servers, which judge tokens");
        foreach (var error in ViewRegistration.Errors(client)) yield return error;
        foreach (var error in client.Limits?.Errors() ?? []) yield return error;
        foreach (var error in GrantRegistration.Errors(client)) yield return error;
        foreach (var error in ResponseRules.Errors(client)) yield return error;
    }

    internal static bool IsId(string id) =>
        id.Length is > 0 and <= MaxIdLength && id.All(c => c is >= ' ' and <= '~' and not ('/' or '\\' or '?' or '#' or '%')) && id[0] != ' ' && id[^1] != ' ' && id is not ("." or "..");

    /// <summary>RFC 8707 §2: absolute, no fragment. Compared as text, so it is kept as it is.</summary>
    internal static bool IsResource(string? uri) =>
        uri is { Length: > 0 and <= MaxUriLength } && uri.All(c => c is > ' ' and <= '~') && !uri.Contains('#', StringComparison.Ordinal)
        && Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.IsAbsoluteUri && uri.StartsWith(parsed.Scheme + ":", StringComparison.OrdinalIgnoreCase);

    internal static bool IsName(string text) => text.Length is > 0 and <= 200 && !text.Any(char.IsControl);
}
