using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Cleanup;
using Touchstone.Server.Clients;
using Touchstone.Server.Detection;
using Touchstone.Server.Telemetry;
using Touchstone.Server.Tests.ClientAuth;
using Touchstone.Server.Tests.Limits;
using Touchstone.Server.Tests.Rfc9449;
using Touchstone.Server.Tests.Storage;
using Touchstone.Server.Tests.Storage.Sqlite;

namespace Touchstone.Server.Tests.Telemetry;

/// <summary>What /metrics says after traffic of every kind, and that docs/metrics.md says the same. The metrics of a process are one, so nothing runs beside this.</summary>
[Collection(nameof(Alone))]
public sealed class MetricsTests
{
    private static readonly string[] Constants =
    [
        .. typeof(ServerMetrics).GetFields(BindingFlags.Static | BindingFlags.NonPublic).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!).Where(name => name.StartsWith("touchstone.", StringComparison.Ordinal)),
    ];

    [Fact]
    public async Task Every_outcome_of_the_document_is_counted_once_and_every_count_is_in_the_document()
    {
        await using var acme = await StartAsync();
        await new Traffic(acme).AllAsync();
        var document = MetricsDocument.Read();
        // A request whose caller is gone is counted a moment after the caller went: asked for until it is.
        var text = await MetricsAsync(acme.Server);
        for (var i = 0; i < 500 && text.Value("touchstone_server_requests_total", ("reason", "aborted")) < 4; i++) text = await MetricsAsync(acme.Server);

        foreach (var (endpoint, outcome, reason) in document.Outcomes)
        {
            if (reason is "server_error") continue; // A fault of ours: none is known.
            var count = text.Value("touchstone_server_requests_total", ("endpoint", endpoint), ("outcome", outcome), ("reason", reason));
            count.ShouldBeGreaterThan(0, $"{endpoint} {outcome} {reason}");
            text.Value("touchstone_server_request_duration_seconds_count", ("endpoint", endpoint), ("outcome", outcome)).ShouldBeGreaterThanOrEqualTo(count);
        }
        foreach (var sample in text.Samples.Where(sample => sample.Name == "touchstone_server_requests_total"))
        {
            document.Outcomes.ShouldContain((sample.Labels["endpoint"], sample.Labels["outcome"], sample.Labels["reason"]));
        }
        text.Value("touchstone_server_requests_total").ShouldBe(text.Value("touchstone_server_request_duration_seconds_count"));
        // The store faults that were made, and no other; by a clock that jumps, a read of the signing keys under way was late (105).
        acme.Server.Logs.Failures.Select(line => line.Id.Id).Distinct().Except([105]).ShouldBe([1]);
    }

    [Fact]
    public async Task Every_instrument_of_the_code_is_in_the_document_and_on_the_page()
    {
        await using var acme = await StartAsync();
        await new Traffic(acme).AllAsync();
        var document = MetricsDocument.Read();
        document.Instruments.Select(instrument => instrument.Name).ShouldBe(Constants, ignoreOrder: true);

        var text = await MetricsAsync(acme.Server);
        var units = Units();
        foreach (var instrument in document.Instruments)
        {
            if (!IsAbsent(instrument.Name)) text.Types.GetValueOrDefault(instrument.Prometheus).ShouldBe(instrument.Type, instrument.Name);
            units[instrument.Name].ShouldBe(instrument.Unit);
            var samples = text.Samples.Where(sample => sample.Family == instrument.Prometheus).ToArray();
            // A server on plain http has no certificate: CertificateReloadTests reads that gauge.
            if (!IsAbsent(instrument.Name)) samples.ShouldNotBeEmpty(instrument.Name);
            foreach (var sample in samples)
            {
                sample.Labels.Keys.Except(["le"]).ShouldBe(instrument.Labels, ignoreOrder: true);
                foreach (var (label, value) in sample.Labels.Where(label => document.Labels.ContainsKey(label.Key))) document.Labels[label].ShouldContain(value);
            }
        }
        text.Types.Keys.Where(name => name.StartsWith("touchstone", StringComparison.Ordinal)).ShouldBe(document.Instruments.Where(instrument => !IsAbsent(instrument.Name)).Select(instrument => instrument.Prometheus), ignoreOrder: true);
        text.Types.Keys.ShouldContain(name => name.StartsWith("dotnet_", StringComparison.Ordinal));
        text.Types.Keys.ShouldContain(name => name.StartsWith("kestrel_", StringComparison.Ordinal));
    }

    [Fact]
    public void The_document_lists_every_kind_of_row() =>
        MetricsDocument.Read().Labels["kind"].ShouldBe(Enum.GetNames<SelectorKind>().Select(name => name.ToLowerInvariant()));

    [Fact]
    public async Task Gauges_and_counters_follow_what_happens()
    {
        await using var acme = await Acme.StartAsync();
        var token = await acme.TokenAsync();
        var before = await MetricsAsync(acme.Server);
        await acme.OAuth.IntrospectAsync(token, acme.Orders);
        await acme.OAuth.IntrospectAsync(token, acme.Orders);
        await acme.OAuth.RevokeAsync(token, acme.Shop);
        await acme.Admin.ChangeAsync("mute", "disable");
        await acme.Admin.ChangeAsync("mute", "enable");
        var after = await MetricsAsync(acme.Server);

        Grown("touchstone_server_record_cache_lookups_total", ("result", "miss")).ShouldBe(1);
        Grown("touchstone_server_record_cache_lookups_total", ("result", "hit")).ShouldBeGreaterThanOrEqualTo(2);
        Grown("touchstone_server_record_cache_entries").ShouldBe(1);
        Grown("touchstone_server_record_cache_size_bytes").ShouldBeGreaterThan(400);
        Grown("touchstone_server_revocations_total", ("kind", "token")).ShouldBe(1);
        Grown("touchstone_server_revocations_total", ("kind", "client")).ShouldBe(1);
        Grown("touchstone_server_revocations_total", ("kind", "registration")).ShouldBe(1);
        Grown("touchstone_server_revocation_log_seq").ShouldBe(3);
        Grown("touchstone_server_store_duration_seconds_count", ("operation", "write")).ShouldBe(3);
        Grown("touchstone_server_store_duration_seconds_count", ("operation", "read")).ShouldBeGreaterThanOrEqualTo(1);
        after.Value("touchstone_server_revocation_log_floor").ShouldBe(0);

        double Grown(string name, params (string, string)[] labels) => after.Value(name, labels) - before.Value(name, labels);
    }

    [Fact]
    public async Task The_page_has_its_media_type_and_no_cache_keeps_it()
    {
        await using var server = await TestServer.StartAsync();
        var answer = await server.OAuth.GetAsync("/metrics");
        answer.Status.ShouldBe(200);
        answer.Header("Content-Type").ShouldBe("text/plain; version=0.0.4; charset=utf-8");
        answer.Header("Cache-Control").ShouldBe("no-store");
    }

    [Fact]
    public async Task Many_readers_at_once_each_get_a_whole_page()
    {
        await using var server = await TestServer.StartAsync();
        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => server.OAuth.GetAsync("/metrics")))) Exposition.Parse(answer.Text).Types.ShouldNotBeEmpty();
    }

    // Behind a proxy that is trusted, a test can call from any address.
    private static Task<Acme> StartAsync() => Acme.StartAsync(options =>
    {
        options.Limits.TrustedProxies = ["127.0.0.1"];
        options.DPoP.RequireNonce = true;
        (options.Feed.MaxWaiting, options.Feed.MaxFollowers) = (1, 3);
        (options.Detection.TokenSpread, options.Detection.SpreadAddresses) = (DetectionMode.Block, 4);
    });

    private static async Task<Exposition> MetricsAsync(TestServer server) => Exposition.Parse((await server.OAuth.GetAsync("/metrics")).Text);

    private static Dictionary<string, string?> Units()
    {
        var units = new Dictionary<string, string?>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => units[instrument.Name] = instrument.Unit };
        listener.Start();
        return units;
    }

    /// <summary>One request for every outcome.</summary>
    private sealed class Traffic(Acme acme)
    {
        internal async Task AllAsync()
        {
            await Feed.FeedTraffic.AllAsync(acme);
            await TokensInEveryStateAsync();
            await RevocationsAsync();
            await GrantsAsync();
            var off = await acme.Admin.AddClientAsync(new { client_id = "off", kind = "client", audience = new[] { Acme.OrdersApi } });
            var post = await acme.Admin.AddClientAsync(new { client_id = "post", kind = "client", auth_methods = new[] { "client_secret_post" }, audience = new[] { Acme.OrdersApi } });
            await acme.Admin.ChangeAsync("off", "disable");
            foreach (var endpoint in (string[])[OAuthCalls.Introspect, OAuthCalls.Batch, OAuthCalls.Revoke, OAuthCalls.Token])
            {
                await CredentialsAsync(endpoint, off, post);
                await RequestsAsync(endpoint);
                await FaultAsync(endpoint);
            }
            await acme.OAuth.GetAsync("/admin/clients");
            await GlobalRevocationsAsync();
            await LimitsAsync();
            await CleanAsync();
        }

        private async Task GlobalRevocationsAsync()
        {
            await acme.TokenAsync();
            var bearer = await acme.Admin.IssueAsync(new { client_id = "web-shop", aud = TestServer.DefaultIssuer, scope = "touchstone:revoke" });
            foreach (var body in (string[])["{}", """{"sub_id":{"format":"opaque","id":"u-4821"}}"""])
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/oauth/global-token-revocation") { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
                request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", bearer);
                await acme.OAuth.SendAsync(request);
            }
        }

        private async Task LimitsAsync()
        {
            var elsewhere = await AddAsync("elsewhere", new { allow_addresses = new[] { "192.0.2.1" } });
            var slow = await AddAsync("slow", new { rate = 1, burst = 1 });
            var blocked = await AddAsync("blocked", new { rate = 0 });
            acme.Server.Services.GetRequiredService<ClientDirectory>().Find(blocked.Id)!.Gate.Activity.Block(long.MaxValue);
            await acme.OAuth.IntrospectAsync("x", slow);
            for (var guess = 0; guess < 6; guess++) await acme.OAuth.IntrospectAsync("x", acme.Warehouse with { Secret = "wrong" });
            var token = await acme.TokenAsync();
            for (var host = 1; host <= 16; host++)
            {
                await acme.Server.IntrospectFromAsync($"192.0.2.{host}", token, acme.Orders);
                await acme.Server.IntrospectFromAsync($"198.51.100.{host}", token, acme.Orders, OAuthCalls.Batch);
            }
            string[] endpoints = [OAuthCalls.Introspect, OAuthCalls.Batch, OAuthCalls.Revoke, OAuthCalls.Token];
            foreach (var endpoint in endpoints)
            {
                foreach (var client in (TestClient[])[elsewhere, slow, blocked, acme.Warehouse]) await acme.OAuth.PostAsync(endpoint, client, ("token", "x"), ("grant_type", "client_credentials"));
            }
            for (var failure = 0; failure < 101; failure++) await acme.OAuth.IntrospectAsync("x", new TestClient("nobody", "x"));
            foreach (var endpoint in endpoints) await acme.OAuth.PostAsync(endpoint, acme.Shop, ("token", "x"), ("grant_type", "client_credentials"));
        }

        private Task<TestClient> AddAsync(string id, object limits) => acme.Admin.AddClientAsync(new { client_id = id, kind = "resource-server", audience = new[] { Acme.OrdersApi }, limits });

        private async Task CleanAsync()
        {
            var cleaner = acme.Server.Services.GetRequiredService<Cleaner>();
            acme.Time.AdvanceSeconds(2 * 3600);
            await cleaner.IdleAsync();
            await cleaner.RunAsync();
        }

        private async Task TokensInEveryStateAsync()
        {
            var expired = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, expires_in = 1 });
            var early = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, nbf = acme.Time.Seconds + 100 });
            var revoked = await acme.TokenAsync();
            await acme.Admin.RevokeAsync(revoked);
            acme.Time.AdvanceSeconds(1);
            foreach (var token in (string[])[expired, early, revoked, await acme.TokenAsync(), "unknown", "tst_at_mistyped"]) await acme.OAuth.IntrospectAsync(token, acme.Orders);
            await acme.OAuth.IntrospectAsync(await acme.TokenAsync(), acme.Billing);
            await acme.OAuth.IntrospectAsync("x", acme.Mute);
            await acme.OAuth.PostAsync(OAuthCalls.Batch, acme.Mute, ("token", "x"));
            await acme.OAuth.PostAsync(OAuthCalls.Batch, acme.Orders, ("token", "x"), ("token", await acme.TokenAsync()));
        }

        private async Task RevocationsAsync()
        {
            var token = await acme.TokenAsync();
            foreach (var client in (TestClient[])[acme.Warehouse, acme.Shop, acme.Shop]) await acme.OAuth.RevokeAsync(token, client);
            await acme.OAuth.RevokeAsync("unknown", acme.Shop);
            await acme.OAuth.RevokeAsync(await acme.RefreshTokenAsync("g"), acme.Shop);
        }

        private async Task GrantsAsync()
        {
            await acme.OAuth.GrantAsync(acme.Shop);
            await acme.OAuth.GrantAsync(acme.Spa);
            await acme.OAuth.GrantAsync(acme.Shop, ("scope", "no"));
            await acme.OAuth.GrantAsync(acme.Shop, ("resource", "no"));
            await acme.OAuth.GrantAsync(acme.Shop, ("authorization_details", "no"));
            await acme.OAuth.ProveAsync(acme.Shop, "no");
            await acme.OAuth.ProveAsync(acme.Shop, Signer.Of("ES256", keyId: null).Proof(acme.Time.Seconds));
            await acme.OAuth.PostAsync(OAuthCalls.Token, acme.Shop, ("grant_type", "password"));
            await new Rfc8693.ExchangeTraffic(acme).SendAsync();
            await RefreshAsync();
        }

        private async Task RefreshAsync()
        {
            var app = await acme.Admin.AddClientAsync(new { client_id = "metrics-refresh", kind = "client", may_introspect = true, grants = new { grant_types = new[] { "refresh_token" } } });
            var used = await acme.Admin.IssueAsync(new { client_id = app.Id, kind = "refresh_token" });
            await acme.OAuth.RefreshAsync(used, app);
            await acme.OAuth.IntrospectAsync(used, app);
            await acme.OAuth.RefreshAsync(used, app);
        }

        private async Task CredentialsAsync(string endpoint, TestClient off, TestClient post)
        {
            foreach (var client in (TestClient?[])[null, new("nobody", "x"), new("web-shop", "wrong"), off, post, new("", "")]) await acme.OAuth.PostAsync(endpoint, client, ("token", "x"));
            await acme.OAuth.PostAsync(endpoint, acme.Shop, ("client_id", "web-shop"), ("client_secret", "x"));
        }

        private async Task RequestsAsync(string endpoint)
        {
            await acme.OAuth.GetAsync(endpoint);
            var head = $"POST {endpoint} HTTP/1.1\nHost: a\nConnection: close\nContent-Type: application/x-www-form-urlencoded\n";
            await acme.Server.SendRawAsync($"{head}Transfer-Encoding: chunked\n\nxyz\n");
            await RawHttp.SendAndFinishAsync(acme.Server.Address, $"{head}Content-Length: 100\n\ntoken=x".Replace("\n", "\r\n", StringComparison.Ordinal));
        }

        private async Task FaultAsync(string endpoint)
        {
            var database = new Database(acme.Server.Data);
            database.Execute("ALTER TABLE tokens RENAME TO gone");
            await acme.OAuth.PostAsync(endpoint, acme.Shop, ("token", "unknown"), ("grant_type", "client_credentials"));
            database.Execute("ALTER TABLE gone RENAME TO tokens");
        }
    }

    // What nothing is measured of here: no certificate, and in a file no other node to wait for.
    private static bool IsAbsent(string name) => name == ServerMetrics.CertificateExpiry || (name == ServerMetrics.BarrierDuration && !TestStore.IsPostgres);
}
