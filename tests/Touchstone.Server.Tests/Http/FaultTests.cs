using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Storage;
using Touchstone.Server.Tests.Storage;

namespace Touchstone.Server.Tests.Http;

/// <summary>Faults of ours, and callers that go away while their request is under way.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private readonly CallersGone _gone = new();
    private TestServer _server = null!;
    private ProbedStore _store = null!;
    private TestClient _shop = null!;

    public async ValueTask InitializeAsync()
    {
        (_server, _store) = await ProbedStore.StartAsync(adjust: builder => builder.Services.AddSingleton<IStartupFilter>(_gone));
        _shop = await _server.Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = new[] { Acme.OrdersApi }, may_introspect = true });
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_fault_of_ours_is_500_and_logged_and_tells_nothing_of_its_cause()
    {
        await _server.Admin.TokenAsync();
        _store.BeforeFind = _store.BeforeWrite = () => throw new InvalidOperationException("the cause");
        (await _server.OAuth.IntrospectAsync("x", _shop)).ShouldBeError(500, "server_error", "An unexpected error occurred.");
        (await _server.OAuth.RevokeAsync("x", _shop)).ShouldBeError(500, "server_error");
        (await _server.OAuth.GrantAsync(_shop)).ShouldBeError(500, "server_error");
        (await _server.Admin.PostAsync(AdminCalls.LookUp, new { token = "x" })).ShouldBeProblem(500, "An unexpected error occurred.");
        var lines = _server.Logs.Of(2);
        lines.Select(line => line.Text.Split("Unexpected error on ")[1].Split(';')[0]).ShouldBe(["introspect", "revoke", "token", "admin"]);
        lines.ShouldAllBe(line => line.Error!.Message == "the cause");

        _store.BeforeFind = _store.BeforeWrite = () => Task.CompletedTask;
        (await _server.OAuth.IntrospectAsync("x", _shop)).ShouldBeInactive();
    }

    public static TheoryData<string> Paths => [OAuthCalls.Introspect, OAuthCalls.Revoke, AdminCalls.LookUp];

    [Theory, MemberData(nameof(Paths))]
    public async Task R35_L06_A_caller_that_only_ended_its_sending_side_is_never_told_200_when_the_store_failed(string path)
    {
        var request = await RequestAsync(path);
        _store.BeforeFind = async () =>
        {
            await _gone.Next;
            throw path == AdminCalls.LookUp ? new OperationCanceledException() : new StoreException("out of reach");
        };
        var answer = await RawHttp.SendAndFinishAsync(_server.Address, request);
        answer?.Status.ShouldBe(503);
        _store.BeforeFind = () => Task.CompletedTask;
        (await _server.OAuth.IntrospectAsync("x", _shop)).ShouldBeInactive();
    }

    [Theory, MemberData(nameof(Paths))]
    public async Task Bar4_A_caller_that_breaks_the_connection_is_no_error_of_ours(string path)
    {
        var request = await RequestAsync(path);
        var isReading = new TaskCompletionSource();
        _store.BeforeFind = () =>
        {
            isReading.TrySetResult();
            return _gone.Next;
        };
        using (var client = new TcpClient { LingerState = new LingerOption(enable: true, seconds: 0) })
        {
            await client.ConnectAsync(_server.Address.Host, _server.Address.Port);
            await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
            await isReading.Task;
        }
        await _gone.Next;
        _store.BeforeFind = () => Task.CompletedTask;
        await _server.App.DisposeAsync(); // The request has come to its end.
        _server.Logs.Failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task R06_A_revocation_goes_on_when_its_caller_is_gone()
    {
        var token = await _server.OAuth.TokenOfAsync(_shop);
        var isWriting = new TaskCompletionSource();
        _store.BeforeWrite = () =>
        {
            isWriting.TrySetResult();
            return _gone.Next;
        };
        using (var client = new TcpClient { LingerState = new LingerOption(enable: true, seconds: 0) })
        {
            await client.ConnectAsync(_server.Address.Host, _server.Address.Port);
            await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(Form(OAuthCalls.Revoke, "token=" + token)));
            await isWriting.Task;
        }
        await _gone.Next;
        var data = _server.Data;
        await _server.App.DisposeAsync();
        await using var next = await TestServer.StartAsync(data: data, time: _server.Time);
        (await next.OAuth.IntrospectAsync(token, _shop)).ShouldBeInactive();
    }

    private async Task<string> RequestAsync(string path)
    {
        if (path != AdminCalls.LookUp) return Form(path, "token=unknown");
        return $"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {await _server.Admin.TokenAsync()}\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{{\"token\":\"x\"}}";
    }

    private string Form(string path, string body) =>
        $"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {_shop.Basic}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    /// <summary>Tells when the server has noticed that a caller is gone.</summary>
    private sealed class CallersGone : IStartupFilter
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task Next => _first.Task;

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((HttpContext http, RequestDelegate then) =>
            {
                http.RequestAborted.Register(() => _first.TrySetResult());
                return then(http);
            });
            next(app);
        };
    }
}
