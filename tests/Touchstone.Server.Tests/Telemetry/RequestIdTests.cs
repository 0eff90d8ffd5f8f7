using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Tests.Telemetry;

/// <summary>One identifier joins an answer, the lines of the log and the records of the audit; the caller's trace joins the latter two.</summary>
public sealed class RequestIdTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    [Fact]
    public async Task An_answer_the_log_and_the_audit_name_the_same_request()
    {
        await using var server = await TestServer.StartAsync();
        var orders = await server.Admin.AddClientAsync(new { client_id = "rs-orders", kind = "resource-server", audience = new[] { Acme.OrdersApi } });

        var refused = await SendAsync(server, OAuthCalls.Introspect, orders with { Secret = "wrong" });
        refused.Status.ShouldBe(401);
        var id = refused.Header("X-Request-ID").ShouldNotBeNull();
        server.Logs.Of(3).ShouldHaveSingleItem().Text.ShouldContain($"; request {id}, trace {Trace} ");

        var revoked = await server.Admin.PostAsync(AdminCalls.Revocations, new { client_id = "nobody" });
        server.Logs.Of(9).ShouldHaveSingleItem().Text.ShouldContain($"; request {revoked.Header("X-Request-ID")} ");

        await server.Services.GetRequiredService<AuditLog>().FlushAsync();
        using var query = AuditQuery.Open(server.Data, new AuditFilter { Kinds = [AuditKind.AuthenticationFailed, AuditKind.Revoked] }, TestStore.Connection(server.Data));
        var records = query.All().ToList();
        records.Select(record => record.GetProperty("request").GetString()).ShouldBe([id, revoked.Header("X-Request-ID")], ignoreOrder: true);
        records.Single(record => record.TryGetProperty("trace", out _)).GetProperty("trace").GetString().ShouldBe(Trace);
    }

    private static async Task<Answer> SendAsync(TestServer server, string path, TestClient caller)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent([new("token", "x")]) };
        request.Headers.Authorization = System.Net.Http.Headers.AuthenticationHeaderValue.Parse(caller.Basic);
        request.Headers.Add("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
        return await server.OAuth.SendAsync(request);
    }
}
