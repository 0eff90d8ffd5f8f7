using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>A protected API on a real server, over TLS where a test wants it, and an introspection server that says of tokens what a test wants.</summary>
internal sealed class BoundApi : IAsyncDisposable
{
    private readonly OtherServer _server;
    private readonly ConcurrentDictionary<string, string> _answers = new(StringComparer.Ordinal);
    private readonly WebApplication _app;
    private int _tokens;

    private BoundApi(OtherServer server, WebApplication app) => (_server, _app) = (server, app);

    internal ManualTime Time => (ManualTime)_app.Services.GetRequiredService<TimeProvider>();

    internal Uri Address => new(_app.Urls.First());

    internal int Asked => _server.Calls;

    internal HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(1) });

    internal static async Task<BoundApi> StartAsync(Action<TokenIntrospectionSchemeOptions>? more = null, Action<WebApplication>? map = null, X509Certificate2? certificate = null, Dictionary<string, string?>? configuration = null)
    {
        var server = await OtherServer.StartAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
            if (certificate is not null) listen.UseHttps(https => (https.ServerCertificate, https.ClientCertificateMode, https.ClientCertificateValidation) = (certificate, ClientCertificateMode.AllowCertificate, static (_, _, _) => true));
        }));
        builder.Logging.ClearProviders();
        Microsoft.Extensions.Configuration.MemoryConfigurationBuilderExtensions.AddInMemoryCollection(builder.Configuration, configuration ?? []);
        builder.Services.AddSingleton<TimeProvider>(new ManualTime());
        builder.Services.AddAuthentication().AddTokenIntrospection(options =>
        {
            options.Realm = "orders";
            options.Introspection = new() { IntrospectionEndpoint = server.Endpoint, ClientId = "rs", ClientSecret = "s", Retries = 0 };
            more?.Invoke(options);
        });
        builder.Services.AddAuthorization();
        var api = new BoundApi(server, builder.Build());
        server.Behavior = http => OtherServer.AnswerAsync(http, api._answers.GetValueOrDefault(http.Request.Form["token"].ToString(), OtherServer.Inactive));
        map?.Invoke(api._app);
        api._app.MapMethods("/orders/{id?}", ["GET", "POST"], (HttpContext http) => http.Features.Get<ITokenIntrospectionFeature>()!.Result.Source.ToString()).RequireAuthorization();
        await api._app.StartAsync();
        api.Http.BaseAddress = api.Address;
        return api;
    }

    /// <summary>A token that is active, and more members of the answer.</summary>
    internal string Token(string more = "") => Answer($$"""{"active":true,"sub":"alice","scope":"orders:read"{{(more.Length == 0 ? "" : "," + more)}}}""");

    internal string TokenOf(string scope) => Answer($$"""{"active":true,"sub":"alice","scope":"{{scope}}"}""");

    internal string Token(DPoPKey key) => Token($$"""
        "token_type":"DPoP","cnf":{"jkt":"{{key.Thumbprint}}"}
        """);

    internal void Forget(string token) => _answers.TryRemove(token, out _);

    /// <summary>From now on the server answers nothing.</summary>
    internal void Break() => _server.Behavior = http => OtherServer.RefuseAsync(http, 503);

    internal string Url(string path = "/orders") => new Uri(Address, path).ToString();

    /// <summary>A request with a right proof.</summary>
    internal Task<HttpResponseMessage> ProveAsync(DPoPKey key, string token, string path = "/orders", string? nonce = null) =>
        SendAsync(path, "DPoP " + token, key.Proof(Url(path), token, Time.Seconds, nonce: nonce));

    internal async Task<HttpResponseMessage> SendAsync(string path, string? authorization, params string[] proofs)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        foreach (var proof in proofs) request.Headers.TryAddWithoutValidation("DPoP", proof);
        return await Http.SendAsync(request);
    }

    private string Answer(string json)
    {
        var token = $"at.{Interlocked.Increment(ref _tokens)}-{Guid.NewGuid():N}";
        _answers[token] = json;
        return token;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        await _server.DisposeAsync();
    }
}
