using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>A protected API, on a real server of its own.</summary>
internal sealed class Api : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Api(WebApplication app) => _app = app;

    internal HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false });

    /// <summary>How many requests reached the code of an endpoint.</summary>
    internal int Reached { get; private set; }

    internal IServiceProvider Services => _app.Services;

    internal static async Task<Api> StartAsync(Action<TokenIntrospectionSchemeOptions> scheme, TimeProvider? time = null, Dictionary<string, string?>? configuration = null, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(configuration ?? []);
        if (time is not null) builder.Services.AddSingleton(time);
        builder.Services.AddAuthentication().AddTokenIntrospection(scheme);
        builder.Services.AddAuthorization();
        services?.Invoke(builder.Services);
        var api = new Api(builder.Build());
        api.Map();
        await api._app.StartAsync();
        api.Http.BaseAddress = new Uri(api._app.Urls.First());
        return api;
    }

    internal Task<HttpResponseMessage> GetAsync(string path, string? token = null) => SendAsync(path, token is null ? null : "Bearer " + token);

    internal async Task<HttpResponseMessage> SendAsync(string path, params string?[] authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var header in authorization)
        {
            if (header is not null) request.Headers.TryAddWithoutValidation("Authorization", header);
        }
        return await Http.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }

    private void Map()
    {
        _app.MapGet("/open", () => Reach("open"));
        _app.MapGet("/read", (HttpContext http) => Reach(string.Join('\n', http.User.Claims.Select(claim => $"{claim.Type}={claim.Value} {claim.ValueType.Split('#')[^1]}")))).RequireScope("orders:read");
        _app.MapGet("/write", () => Reach("written")).RequireScope("orders:write");
        _app.MapGet("/both", () => Reach("both")).RequireScope("orders:read", "orders:write");
        _app.MapGet("/fresh", (HttpContext http) => Reach(http.Features.Get<ITokenIntrospectionFeature>()!.Result.Source.ToString())).RequireAuthorization().WithTokenPolicy(new() { MaxTtl = TimeSpan.Zero, PlainTtl = TimeSpan.Zero });
        _app.MapGet("/name", (HttpContext http) => Reach(http.User.Identity!.Name!)).RequireAuthorization();
        _app.MapTokenPolicyOverrides("/ops").RequireScope("orders:read");
        _app.MapTokenPolicyOverrides("/unprotected-ops");
        _app.MapGet("/lenient", (HttpContext http) => Reach(http.Features.Get<ITokenIntrospectionFeature>()!.Result.Source.ToString())).RequireAuthorization().WithTokenPolicy(new() { FailMode = FailMode.FailOpen });
    }

    private string Reach(string answer)
    {
        Reached++;
        return answer;
    }
}

internal static class ApiAnswers
{
    /// <summary>The challenge of a scheme; empty when there is none.</summary>
    internal static string Challenge(this HttpResponseMessage response, string scheme = "Bearer") => response.Headers.WwwAuthenticate.Where(header => header.Scheme == scheme).Select(header => header.ToString()).SingleOrDefault() ?? "";
}
