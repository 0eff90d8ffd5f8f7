using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Touchstone.AspNetCore;
using Touchstone.Client;

namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>What an API answered.</summary>
internal readonly record struct ApiAnswer(long Begun, TimeSpan Took, int Status, string Source)
{
    internal bool IsAccepted => Status == 200;

    internal bool IsFromMemory => Source == nameof(IntrospectionSource.Memory);
}

/// <summary>An API on a port of its own, protected by the handler. Each of its endpoints has a policy, and says where the result came from.</summary>
internal sealed class ProtectedApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, ActivityHeadersPropagator = null });

    private ProtectedApi(WebApplication app) => _app = app;

    internal IntrospectionClient Client => _app.Services.GetRequiredKeyedService<IntrospectionClient>(TokenIntrospectionDefaults.AuthenticationScheme);

    internal static async Task<ProtectedApi> StartAsync(Action<TokenIntrospectionOptions> configure, params (string Path, IntrospectionPolicy Policy)[] endpoints)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthentication().AddTokenIntrospection(scheme => configure(scheme.Introspection));
        builder.Services.AddAuthorization();
        var api = new ProtectedApi(builder.Build());
        api._app.Use(TellAsync);
        api._app.UseAuthentication();
        api._app.UseAuthorization();
        foreach (var (path, policy) in endpoints)
            api._app.MapGet(path, (HttpContext http) => http.Features.Get<ITokenIntrospectionFeature>()!.Result.Source.ToString()).RequireAuthorization().WithTokenPolicy(policy);
        await api._app.StartAsync();
        api._http.BaseAddress = new Uri(api._app.Urls.First());
        return api;
    }

    /// <summary>Presents a token. The time is taken before anything is written.</summary>
    internal async Task<ApiAnswer> AskAsync(string path, AskedToken token)
    {
        var begun = TimeProvider.System.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token.Value);
        using var response = await _http.SendAsync(request);
        var source = await response.Content.ReadAsStringAsync();
        return new ApiAnswer(begun, TimeProvider.System.GetElapsedTime(begun), (int)response.StatusCode, source);
    }

    // No expected failure is an exception: what comes here is a bug, and a test that fails by it says which.
    private static async Task TellAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
        }
        catch (Exception bug)
        {
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            await http.Response.WriteAsync(bug.ToString());
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }
}
