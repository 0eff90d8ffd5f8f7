using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Hosting;
using Touchstone.Protocol;
using Touchstone.Server.Admin;
using Touchstone.Server.Feed;
using Touchstone.Server.Http;
using Touchstone.Server.Introspection;
using Touchstone.Server.Metadata;
using Touchstone.Server.Revocation;
using Touchstone.Server.Signing;
using Touchstone.Server.Telemetry;
using Touchstone.Server.TokenIssue;

namespace Touchstone.Server;

/// <summary>Every route of the server.</summary>
internal static class Endpoints
{
    internal static void MapTouchstone(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var form = services.GetRequiredService<FormEndpoint>();
        var admin = services.GetRequiredService<AdminGate>();
        var metadata = services.GetRequiredService<MetadataDocument>();
        var health = services.GetRequiredService<Health>();
        var metrics = services.GetRequiredService<MetricsEndpoint>();
        var clients = services.GetRequiredService<ClientsAdmin>();
        var credentials = services.GetRequiredService<ClientCredentialsAdmin>();
        var settings = services.GetRequiredService<ClientSettingsAdmin>();
        var tokens = services.GetRequiredService<TokensAdmin>();
        var revocations = services.GetRequiredService<RevocationsAdmin>();
        var subjects = services.GetRequiredService<SubjectsAdmin>();
        var keys = services.GetRequiredService<KeysAdmin>();
        var global = services.GetRequiredService<GlobalRevocationEndpoint>();

        routes.Map("/oauth/introspect", form.Handle("introspect", services.GetRequiredService<IntrospectionEndpoint>().HandleAsync));
        routes.Map("/oauth/introspect/batch", form.Handle("introspect_batch", services.GetRequiredService<BatchEndpoint>().HandleAsync, ["token"], BatchEndpoint.MaxTokenBytes));
        routes.Map("/oauth/revoke", form.Handle("revoke", services.GetRequiredService<RevocationEndpoint>().HandleAsync));
        routes.Map("/oauth/token", form.Handle("token", services.GetRequiredService<TokenEndpoint>().HandleAsync, ["resource", "audience"]));
        routes.MapPost(GlobalRevocationEndpoint.Path, admin.Handle(GlobalRevocationEndpoint.Name, GlobalRevocationEndpoint.Scope, global.HandleAsync));

        routes.MapGet(FeedEndpoint.Path, form.HandleQuery("feed", services.GetRequiredService<FeedEndpoint>().HandleAsync));

        routes.MapGet(metadata.Path, metadata.WriteAsync);
        routes.MapGet(services.GetRequiredService<JwksDocument>().Path, services.GetRequiredService<JwksDocument>().WriteAsync);
        routes.MapGet("/openapi.json", services.GetRequiredService<OpenApiDocument>().WriteAsync);
        routes.MapGet("/health/live", health.LiveAsync);
        routes.MapGet("/health/ready", health.ReadyAsync);
        routes.MapGet("/metrics", metrics.WriteAsync);

        routes.MapPost("/admin/clients", admin.Handle(clients.AddAsync));
        routes.MapGet("/admin/clients", admin.Handle(clients.ListAsync));
        routes.MapGet("/admin/clients/{id}", admin.Handle(clients.ShowAsync));
        routes.MapPost("/admin/clients/{id}/give-tag-key", admin.Handle(credentials.GiveTagKeyAsync));
        routes.MapPost("/admin/clients/{id}/withdraw-tag-key", admin.Handle(credentials.WithdrawTagKeyAsync));
        routes.MapPost("/admin/clients/{id}/disable", admin.Handle(clients.DisableAsync));
        routes.MapPost("/admin/clients/{id}/enable", admin.Handle(clients.EnableAsync));
        routes.MapPost("/admin/clients/{id}/rotate-secret", admin.Handle(credentials.RotateAsync));
        routes.MapPost("/admin/clients/{id}/keys", admin.Handle(credentials.SetKeysAsync));
        routes.MapPost("/admin/clients/{id}/view", admin.Handle(settings.SetViewAsync));
        routes.MapPost("/admin/clients/{id}/limits", admin.Handle(settings.SetLimitsAsync));
        routes.MapPost("/admin/clients/{id}/grants", admin.Handle(settings.SetGrantsAsync));
        routes.MapPost("/admin/clients/{id}/response", admin.Handle(settings.SetResponseAsync));
        routes.MapGet("/admin/clients/{id}/failures", admin.Handle(clients.FailuresAsync));
        routes.MapPost("/admin/subjects/disable", admin.Handle(subjects.DisableAsync));
        routes.MapPost("/admin/subjects/enable", admin.Handle(subjects.EnableAsync));
        routes.MapGet("/admin/subjects", admin.Handle(subjects.ListAsync));
        routes.MapPost("/admin/tokens", admin.Handle(tokens.AddAsync));
        routes.MapPost("/admin/tokens/lookup", admin.Handle(tokens.LookUpAsync));
        routes.MapPost("/admin/revocations", admin.Handle(revocations.RevokeAsync));
        routes.MapGet("/admin/revocations/{seq}/receipt", admin.Handle(services.GetRequiredService<ReceiptsAdmin>().ShowAsync));
        routes.MapGet("/admin/followers", admin.Handle(services.GetRequiredService<FollowersAdmin>().ListAsync));
        routes.MapGet("/admin/keys", admin.Handle(keys.ListAsync));
        routes.MapPost("/admin/keys/rotate", admin.Handle(keys.RotateAsync));
        routes.MapPost("/admin/keys/{kid}/retire", admin.Handle(keys.RetireAsync));
        routes.MapGet("/admin/cursor", admin.Handle(revocations.CursorAsync));

        foreach (var (path, methods) in MethodsByPath(routes)) routes.Map(path, http => RefuseMethodAsync(http, methods));
    }

    // For each path that takes some methods, these methods. The framework would answer the others with an empty 405 that caches may keep (C-03).
    private static (string Path, string Methods)[] MethodsByPath(IEndpointRouteBuilder routes) =>
    [
        .. from endpoint in routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
           where endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is not null
           group endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods[0] by endpoint.RoutePattern.RawText! into methods
           select (methods.Key, string.Join(", ", methods.Order(StringComparer.Ordinal))),
    ];

    private static Task RefuseMethodAsync(HttpContext http, string methods)
    {
        var error = OAuthError.MethodNotAllowed.With($"Use {methods}.");
        if (http.Request.Path.StartsWithSegments("/admin") || http.Request.Path.StartsWithSegments(GlobalRevocationEndpoint.Path)) AdminExchange.Refuse(http, error.Status, error.Description);
        else Responses.WriteError(http.Response, error);
        http.Response.Headers.Allow = methods;
        return Task.CompletedTask;
    }

    /// <summary>What no route takes.</summary>
    internal static Task NotFoundAsync(HttpContext http)
    {
        if (http.Request.Path.StartsWithSegments("/admin")) AdminExchange.Refuse(http, StatusCodes.Status404NotFound, OAuthError.NotFound.Description);
        else Responses.WriteError(http.Response, OAuthError.NotFound);
        return Task.CompletedTask;
    }
}
