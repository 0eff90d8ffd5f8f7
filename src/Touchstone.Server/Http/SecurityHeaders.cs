using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Touchstone.Server.Http;

/// <summary>
/// What every answer tells a browser that should never have met it: guess no type, send no referrer, load nothing, frame nothing; over https, where configured, come by https only. And to whoever asks
/// about it later, which request it was: the same identifier stands in the log and in the audit.
/// </summary>
internal static class SecurityHeaders
{
    // Made once: no answer builds a string for them.
    private static readonly StringValues NoSniff = "nosniff", NoReferrer = "no-referrer", Policy = "default-src 'none'; frame-ancestors 'none'";

    internal static void UseSecurityHeaders(this IApplicationBuilder app, TimeSpan strictTransport)
    {
        StringValues strict = strictTransport == TimeSpan.Zero ? default : string.Create(CultureInfo.InvariantCulture, $"max-age={(long)strictTransport.TotalSeconds}");
        app.Use(next => http =>
        {
            var headers = http.Response.Headers;
            headers.XContentTypeOptions = NoSniff;
            headers["Referrer-Policy"] = NoReferrer;
            headers.ContentSecurityPolicy = Policy;
            headers["X-Request-ID"] = http.TraceIdentifier;
            if (strict.Count > 0 && http.Request.IsHttps) headers.StrictTransportSecurity = strict;
            return next(http);
        });
    }
}
