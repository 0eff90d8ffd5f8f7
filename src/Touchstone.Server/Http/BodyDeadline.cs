using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Touchstone.Server.Http;

/// <summary>
/// Ends the wait for a body that does not come. Kestrel's own limit, a rate of bytes, is judged by a heartbeat that stops beating as soon as the server begins to stop: a half-sent body would then hold up
/// every restart to the last second. This one is made only when a request really waits, which the usual one never does.
/// </summary>
internal sealed class BodyDeadline : IAsyncDisposable
{
    private static readonly TimeSpan Parting = TimeSpan.FromSeconds(1);

    private readonly PipeReader _body;
    private readonly ITimer _timer;
    private volatile bool _isOver;

    internal BodyDeadline(PipeReader body, TimeSpan after, TimeProvider time)
    {
        _body = body;
        _timer = time.CreateTimer(static deadline => ((BodyDeadline)deadline!).End(), this, after, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether it came. The server cancels reads for reasons of its own, so a cancelled read alone says nothing.</summary>
    internal bool IsOver => _isOver;

    /// <summary>Done when it can't come any more: it must not meet the reader of the next request.</summary>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    /// <summary>Closes the connection a moment after the answer. Else the server would wait for the rest of the body, on the same heartbeat.</summary>
    internal static void CloseAfter(HttpContext http, TimeProvider time)
    {
        http.Response.Headers.Connection = "close";
        if (http.Features.Get<IConnectionLifetimeFeature>() is { } connection) _ = CloseAsync(connection, time);
    }

    private static async Task CloseAsync(IConnectionLifetimeFeature connection, TimeProvider time)
    {
        await Task.Delay(Parting, time);
        connection.Abort();
    }

    private void End()
    {
        _isOver = true;
        _body.CancelPendingRead();
    }
}
