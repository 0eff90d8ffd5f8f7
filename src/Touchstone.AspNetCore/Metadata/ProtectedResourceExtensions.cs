using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Touchstone.AspNetCore.Metadata;

namespace Touchstone.AspNetCore;

/// <summary>Serves the metadata of an API.</summary>
public static class ProtectedResourceExtensions
{
    /// <summary>Serves the metadata of a scheme's API (RFC 9728) at <c>/.well-known/oauth-protected-resource</c>, followed by the path of its <c>Resource</c>. Anybody may read it, and the challenges of the scheme name it from now on.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="authenticationScheme">The scheme.</param>
    /// <exception cref="InvalidOperationException">The scheme has no <c>Resource</c>.</exception>
    public static IEndpointConventionBuilder MapProtectedResourceMetadata(this IEndpointRouteBuilder endpoints, string authenticationScheme = TokenIntrospectionDefaults.AuthenticationScheme)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var options = endpoints.ServiceProvider.GetRequiredService<IOptionsMonitor<TokenIntrospectionSchemeOptions>>().Get(authenticationScheme);
        if (options.Resource is not { } resource) throw new InvalidOperationException($"Set Resource of the scheme {authenticationScheme}: the identifier of this API, which its metadata begins with.");
        var document = ProtectedResource.Write(options);
        endpoints.ServiceProvider.GetRequiredService<MappedMetadata>().Add(authenticationScheme, ProtectedResource.UrlOf(resource));
        // Routes are compared with paths that are decoded, and give braces a meaning.
        var route = Uri.UnescapeDataString(ProtectedResource.PathOf(resource)).Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
        return endpoints.MapMethods(route, [HttpMethods.Get], http =>
        {
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = document.Length;
            return http.Response.Body.WriteAsync(document, http.RequestAborted).AsTask();
        }).AllowAnonymous();
    }
}
