using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Touchstone.AspNetCore;

/// <summary>An endpoint for operators.</summary>
public static class TokenPolicyOverrideEndpoints
{
    /// <summary>
    /// Lists (<c>GET</c>), sets (<c>POST</c>, JSON) and ends (<c>DELETE</c> with <c>?routes=</c>) overrides. Protect it: <c>app.MapTokenPolicyOverrides("/ops/token-policies").RequireScope("ops")</c>. Where it asks for nothing by itself, and of whoever is not authenticated, everything is refused.
    /// </summary>
    public static IEndpointConventionBuilder MapTokenPolicyOverrides(this IEndpointRouteBuilder app, string pattern)
    {
        ArgumentNullException.ThrowIfNull(app);
        var group = app.MapGroup(pattern);
        group.Map("", (RequestDelegate)ServeAsync);
        return group;
    }

    private static Task ServeAsync(HttpContext http)
    {
        var overrides = http.RequestServices.GetRequiredService<TokenPolicyOverrides>();
        http.Response.Headers.CacheControl = "no-store";
        if (http.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is null) return RefuseAsync(http, StatusCodes.Status403Forbidden, "access_denied", "This endpoint is not protected: add RequireScope or RequireAuthorization with a policy.");
        if (http.User.Identity is not { IsAuthenticated: true } who || (who.Name ?? http.User.FindFirst("client_id")?.Value) is not { Length: > 0 } by) return RefuseAsync(http, StatusCodes.Status403Forbidden, "access_denied", "Nobody is authenticated: protect this endpoint.");
        return http.Request.Method switch
        {
            "GET" => ListAsync(http, overrides),
            "POST" => SetAsync(http, overrides, by),
            "DELETE" => EndAsync(http, overrides, by),
            _ => RefuseAsync(http, StatusCodes.Status405MethodNotAllowed, "invalid_request", "GET, POST or DELETE."),
        };
    }

    private static Task ListAsync(HttpContext http, TokenPolicyOverrides overrides) =>
        http.Response.WriteAsJsonAsync([.. overrides.List().Select(one => OverrideBody.Of(one.Override, one.Until))], OverrideJson.Default.OverrideBodyArray);

    private static async Task SetAsync(HttpContext http, TokenPolicyOverrides overrides, string by)
    {
        try
        {
            var body = await http.Request.ReadFromJsonAsync(OverrideJson.Default.OverrideBody, http.RequestAborted);
            overrides.Set((body ?? new OverrideBody(null, 0, null)).ToOverride(by));
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        catch (Exception wrong) when (wrong is System.Text.Json.JsonException or InvalidOperationException or ArgumentException or OverflowException)
        {
            await RefuseAsync(http, StatusCodes.Status400BadRequest, "invalid_request", wrong is ArgumentException ? wrong.Message : "The body must be JSON: routes, for_seconds, reason, and fail_mode or max_ttl_seconds.");
        }
    }

    private static Task EndAsync(HttpContext http, TokenPolicyOverrides overrides, string by)
    {
        if (http.Request.Query["routes"] is not [{ Length: > 0 } routes]) return RefuseAsync(http, StatusCodes.Status400BadRequest, "invalid_request", "Say which: ?routes=/orders");
        if (!overrides.End(routes, by)) return RefuseAsync(http, StatusCodes.Status404NotFound, "not_found", "There is no override of these routes.");
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static Task RefuseAsync(HttpContext http, int status, string error, string description)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new OverrideError(error, description), OverrideJson.Default.OverrideError);
    }
}

/// <summary>An override as JSON.</summary>
internal sealed record OverrideBody(string? Routes, double ForSeconds, string? Reason, string? FailMode = null, double? MaxTtlSeconds = null, string? By = null, DateTimeOffset? Until = null)
{
    internal TokenPolicyOverride ToOverride(string by) => new()
    {
        Routes = Routes ?? "", For = TimeSpan.FromSeconds(ForSeconds), By = by, Reason = Reason ?? "",
        FailMode = FailMode is null ? null : Enum.TryParse<Client.FailMode>(FailMode.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var mode) ? mode : (Client.FailMode)(-1),
        MaxTtl = MaxTtlSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
    };

    internal static OverrideBody Of(TokenPolicyOverride policy, DateTimeOffset until) => new(policy.Routes, policy.For.TotalSeconds, policy.Reason, policy.FailMode switch
    {
        Client.FailMode.FailClosed => "fail_closed",
        Client.FailMode.StaleIfError => "stale_if_error",
        Client.FailMode.FailOpen => "fail_open",
        _ => null,
    }, policy.MaxTtl?.TotalSeconds, policy.By, until);
}

/// <summary>What was wrong.</summary>
internal sealed record OverrideError(string Error, string ErrorDescription);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(OverrideBody[]))]
[JsonSerializable(typeof(OverrideError))]
internal sealed partial class OverrideJson : JsonSerializerContext;
