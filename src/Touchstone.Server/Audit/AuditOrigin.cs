using Microsoft.AspNetCore.Http;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Audit;

/// <summary>
/// The request under way, as far as the audit tells of it. It flows with the request to the store, so that whatever is written there is recorded with it
/// and no part in between has to hand it on. Introspections don't set it: they write nothing to the store.
/// </summary>
internal sealed class AuditOrigin
{
    private const int MaxUserAgent = 256;

    private static readonly AsyncLocal<AuditOrigin?> Flowing = new();

    private AuditOrigin(HttpContext http, string? actor)
    {
        Actor = actor;
        Address = http.Connection.RemoteIpAddress?.ToString();
        UserAgent = http.Request.Headers.UserAgent is [{ } agent, ..] ? agent.Length <= MaxUserAgent ? agent : agent[..MaxUserAgent] : null;
        Trace = RequestIds.TraceOf(http);
        Request = http.TraceIdentifier;
    }

    internal static AuditOrigin? Current => Flowing.Value;

    internal string? Actor { get; }
    internal string? Address { get; }
    internal string? UserAgent { get; }
    internal string? Trace { get; }
    internal string? Request { get; }

    /// <summary>Says who acts from here on in this request.</summary>
    internal static void Begin(HttpContext http, string actor) => Flowing.Value = new AuditOrigin(http, actor);

    internal static AuditOrigin Of(HttpContext http, string? actor) => new(http, actor);
}
