using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Touchstone.Sidecar.Decisions;

namespace Touchstone.Sidecar.ForwardAuth;

/// <summary>How one kind of proxy tells of a request, and what it makes of an answer. All of them ask for the same decision.</summary>
internal abstract class ProxyAdapter
{
    /// <summary>The last part of <c>/auth/…</c>.</summary>
    internal abstract string Name { get; }

    /// <summary>The headers by which it tells of the request. An alias of one of them is refused (L43).</summary>
    internal abstract IReadOnlyList<string> ControlHeaders { get; }

    /// <summary>Reads the request that it asks about; false where anything of that is missing or repeated, for nothing else takes its place (L41).</summary>
    internal abstract bool TryRead(HttpRequest http, out OriginalRequest request);

    /// <summary>The header that keeps it from being read; where all of those are there, it is that with the token.</summary>
    internal virtual string Lacking(HttpRequest http) => ControlHeaders.FirstOrDefault(name => !TryGet(http, name, out _)) ?? "Authorization";

    /// <summary>The status that it passes on, or understands, for this decision.</summary>
    internal virtual int StatusOf(Verdict verdict) => UsualStatusOf(verdict);

    /// <summary>The status that most understand.</summary>
    internal static int UsualStatusOf(Verdict verdict) => verdict switch
    {
        Verdict.Allowed => StatusCodes.Status200OK,
        Verdict.Malformed or Verdict.NotAToken => StatusCodes.Status400BadRequest,
        Verdict.NoToken or Verdict.InvalidToken or Verdict.StepUp => StatusCodes.Status401Unauthorized,
        Verdict.CannotTell => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status403Forbidden,
    };

    /// <summary>The one value of a header, not empty.</summary>
    protected static bool TryGet(HttpRequest http, string name, out string value)
    {
        var values = http.Headers[name];
        value = values is [{ Length: > 0 } one] ? one : "";
        return value.Length > 0;
    }

    /// <summary>The <c>Authorization</c> header; false where there are two (L45).</summary>
    protected static bool TryGetAuthorization(HttpRequest http, out string value)
    {
        var values = http.Headers.Authorization;
        value = values.Count == 1 ? values[0] ?? "" : "";
        return values.Count <= 1;
    }

    /// <summary>The request target as it came over the wire.</summary>
    protected static string RawTarget(HttpRequest http) => http.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
}
