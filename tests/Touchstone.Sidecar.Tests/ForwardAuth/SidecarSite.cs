using Microsoft.Extensions.Logging;
using Touchstone.Sidecar.Configuration;

namespace Touchstone.Sidecar.Tests.ForwardAuth;

/// <summary>A sidecar beside a real server, with rules from a file.</summary>
internal sealed class SidecarSite : IAsyncDisposable
{
    internal const string Api = "https://orders.acme.test/";

    private readonly TempFolder _folder;
    private readonly SidecarApp _sidecar;

    private SidecarSite(TempFolder folder, TestServer server, SidecarApp sidecar, CapturedLogs logs) => (_folder, Server, _sidecar, Logs) = (folder, server, sidecar, logs);

    internal CapturedLogs Logs { get; }

    internal const string Rules = """
        - { name: health, paths: /healthz, allow: anybody }
        - name: read orders
          hosts: orders.acme.test
          paths: ["/orders", "/orders/{id}"]
          methods: [GET, HEAD]
          scopes: orders:read
          headers: { X-User: sub, X-Tenant: tenant }
        - { name: write orders, hosts: orders.acme.test, paths: "/orders", methods: POST, scopes: [orders:read, orders:write] }
        - { name: admins, hosts: orders.acme.test, paths: /admin, claims: { claim: role, equals: admin } }
        - { name: other api, hosts: orders.acme.test, paths: /billing, audiences: "https://billing.acme.test/" }
        - { name: payments, hosts: orders.acme.test, paths: /payments, acr: aal2, max_age: 5m }
        """;

    internal TestServer Server { get; }

    internal SidecarApp Sidecar => _sidecar;

    internal HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });

    internal Uri Address => new(_sidecar.Addresses.First());

    internal Uri Admin => new(_sidecar.Admin!);

    internal string File => _folder.File("sidecar.yaml");

    internal static async Task<SidecarSite> OpenAsync(string rules = Rules, string more = "", string listen = "http://127.0.0.1:0", string admin = "http://127.0.0.1:0", Uri? introspection = null)
    {
        var folder = new TempFolder();
        var server = await TestServer.StartAsync(options => options.Unlimit());
        var caller = await server.Admin.AddClientAsync(new { client_id = "sidecar", kind = "resource-server", audience = new[] { Api } });
        await server.Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = new[] { Api }, scope = "orders:read orders:write" });
        var head = $$"""
            listen: {{listen}}
            admin: {{admin}}
            realm: orders
            {{more}}
            issuers:
              introspection_endpoint: {{introspection ?? new Uri(server.Address, "/oauth/introspect")}}
              {{(introspection is null ? $"feed_endpoint: {new Uri(server.Address, "/feed")}" : "")}}
              client_id: {{caller.Id}}
              client_secret: "{{caller.Secret}}"
              timeout: {{(introspection is null ? "1s" : "20s")}}
              try_timeout: {{(introspection is null ? "500ms" : "20s")}}
              retries: 0
            rules:

            """;
        var file = folder.File("sidecar.yaml");
        await System.IO.File.WriteAllTextAsync(file, head + rules);
        var (config, faults) = SidecarConfigReader.ReadFile(file);
        config.ShouldNotBeNull(string.Join('\n', faults));
        var logs = new CapturedLogs();
        var sidecar = await SidecarApp.StartAsync(config, file, builder => builder.Logging.ClearProviders().AddProvider(logs), server.Time);
        return new SidecarSite(folder, server, sidecar, logs);
    }

    internal Task<string> TokenAsync(string scope = "orders:read", object? claims = null, string subject = "alice") =>
        Server.Admin.IssueAsync(claims is null ? new { client_id = "web-shop", sub = subject, scope, aud = Api } : new { client_id = "web-shop", sub = subject, scope, aud = Api, claims });

    internal void Rewrite(Func<string, string> change) => System.IO.File.WriteAllText(File, change(System.IO.File.ReadAllText(File)));

    /// <summary>Asks as a proxy does about a request of a client.</summary>
    internal async Task<HttpResponseMessage> AskAsync(string proxy, string method, string host, string target, string? token, params (string Name, string Value)[] more)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, "/auth/" + proxy));
        if (proxy == "envoy")
        {
            request.Method = new HttpMethod(method);
            request.RequestUri = new Uri(Address.ToString().TrimEnd('/') + "/auth/envoy" + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            request.Headers.Host = host;
        }
        else
        {
            var prefix = proxy is "traefik" or "caddy" ? "X-Forwarded-" : "X-Original-";
            Add(prefix + "Method", method);
            Add(prefix + "Host", host);
            Add(prefix + (prefix == "X-Original-" ? "URI" : "Uri"), target);
        }
        if (token is not null) Add("Authorization", "Bearer " + token);
        foreach (var (name, value) in more) Add(name, value);
        return await Http.SendAsync(request);

        void Add(string name, string value) => request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _sidecar.DisposeAsync();
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
