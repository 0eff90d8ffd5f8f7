using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol;
using Touchstone.Protocol.Forms;
using Touchstone.Server.Audit;
using Touchstone.Server.Leases;
using Touchstone.Server.Limits;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Http;

/// <summary>What a form endpoint does once the body is read.</summary>
internal delegate ValueTask FormHandler(FormExchange exchange);

/// <summary>
/// What all endpoints that take a form have in common, in the order of judgement: 405, 413, 415, 429 for the address, 400 for what can't be read; then the endpoint itself; and 503 when the store fails.
/// </summary>
internal sealed class FormEndpoint(ServerOptions options, AddressLimits addresses, LimitHits hits, Freshness freshness, AuditLog audit, ServerMetrics metrics, FaultLog faults, ILogger<FormEndpoint> logger, TimeProvider time)
{
    private static readonly OAuthError Unreadable = OAuthError.InvalidRequest.With("The request body could not be read.");

    private readonly ConcurrentBag<FormExchange> _idle = [];

    /// <summary>Makes the request handler of an endpoint. Parameters in <paramref name="repeatable"/> may stand more than once; the body may have <paramref name="moreBytes"/> beyond the usual.</summary>
    internal RequestDelegate Handle(string name, FormHandler handler, string[]? repeatable = null, int moreBytes = 0)
    {
        var shape = new FormShape(options.MaxFormBytes + moreBytes, repeatable ?? []);
        return http => HandleAsync(http, name, handler, shape);
    }

    /// <summary>Makes the request handler of an endpoint whose parameters stand in the query, where no token and no secret may stand. The route has judged the method.</summary>
    internal RequestDelegate HandleQuery(string name, FormHandler handler)
    {
        var shape = new FormShape(options.MaxFormBytes, []) { IsQuery = true };
        return http => HandleAsync(http, name, handler, shape);
    }

    private async Task HandleAsync(HttpContext http, string name, FormHandler handler, FormShape shape)
    {
        var started = time.GetTimestamp();
        using var activity = ServerMetrics.Activities.HasListeners() ? Tracing.Start(http, name) : null;
        var exchange = _idle.TryTake(out var idle) ? idle : new FormExchange();
        exchange.Begin(http, started);
        try
        {
            if (Judge(http.Request, shape) is { } error)
            {
                exchange.Refuse(error);
            }
            else if (!addresses.Refuses(exchange))
            {
                if (await ReadAsync(http, exchange.Form, shape) is { } unreadable) RefuseUnreadable(exchange, unreadable);
                else
                {
                    // The body is here: from now on memory decides, about the caller first.
                    if (!freshness.IsHeld) await freshness.ReadAsync();
                    await handler(exchange);
                }
            }
        }
        catch (BadHttpRequestException ended) when (ended.StatusCode == StatusCodes.Status400BadRequest && http.Request.ContentLength is not null)
        {
            exchange.Abandon(); // The caller went away in the middle of its body.
            throw; // Kestrel has to see this again: else it stumbles over the read that it broke off, and logs the stack.
        }
        catch (Exception failed) when (!http.RequestAborted.IsCancellationRequested)
        {
            Fail(exchange, name, failed);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            exchange.Abandon(); // The caller is gone: there is nobody to answer.
        }
        finally
        {
            if (exchange.Outcome == OAuthError.RateLimitExceeded.Code) hits.Count(exchange.Reason, exchange.Caller?.Id ?? exchange.Claimed, name, http);
            else audit.Refused(exchange, name);
            metrics.Answered(name, exchange.Outcome, exchange.Reason, time.GetElapsedTime(started));
            if (activity is not null) Tracing.Tell(activity, http, exchange.Outcome, exchange.Reason);
            exchange.End();
            _idle.Add(exchange);
        }
    }

    private static OAuthError? Judge(HttpRequest request, FormShape shape)
    {
        if (shape.IsQuery) return null;
        if (!HttpMethods.IsPost(request.Method)) return OAuthError.MethodNotAllowed;
        if (request.ContentLength > shape.MaxBytes) return shape.TooLarge;
        return IsForm(request.ContentType) ? null : OAuthError.UnsupportedMediaType;
    }

    // The usual request lies in the pipe whole, so nothing here waits. When the caller goes away the pipe itself ends the wait.
    private async ValueTask<OAuthError?> ReadAsync(HttpContext http, OAuthForm form, FormShape shape)
    {
        if (shape.IsQuery) return ReadQuery(http.Request.QueryString, form);
        var body = http.Request.BodyReader;
        BodyDeadline? deadline = null;
        try
        {
            while (true)
            {
                var reading = body.ReadAsync(CancellationToken.None);
                if (!reading.IsCompleted) deadline ??= new BodyDeadline(body, options.Limits.BodyTimeout, time);
                var read = await reading;
                if (deadline is { IsOver: true } && !read.IsCompleted)
                {
                    body.AdvanceTo(read.Buffer.Start);
                    return OAuthError.RequestTimeout;
                }
                if (read.Buffer.Length > shape.MaxBytes)
                {
                    body.AdvanceTo(read.Buffer.End);
                    return shape.TooLarge;
                }
                if (!read.IsCompleted)
                {
                    body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                }
                var result = form.Read(read.Buffer, shape.Repeatable);
                body.AdvanceTo(read.Buffer.End);
                return ErrorOf(result, "body");
            }
        }
        finally
        {
            if (deadline is not null) await deadline.DisposeAsync();
        }
    }

    // Written as a form is.
    private static OAuthError? ReadQuery(QueryString query, OAuthForm form) =>
        ErrorOf(form.Read(new ReadOnlySequence<byte>(System.Text.Encoding.UTF8.GetBytes(query.HasValue ? query.Value![1..] : ""))), "query");

    private static OAuthError? ErrorOf(FormResult result, string place) => result switch
    {
        FormResult.Ok => null,
        FormResult.Repeated => OAuthError.InvalidRequest.With($"A parameter stands in the {place} twice."),
        _ => OAuthError.InvalidRequest.With($"The {place} is not a readable form: a % is not followed by two hexadecimal digits, or there are too many fields."),
    };

    private void RefuseUnreadable(FormExchange exchange, OAuthError error)
    {
        exchange.Refuse(error, error == OAuthError.RequestTimeout ? "body_unreadable" : null);
        if (error == OAuthError.RequestTimeout) BodyDeadline.CloseAfter(exchange.Http, time);
        else if (error.Status == StatusCodes.Status400BadRequest) addresses.Failed(exchange.Http, exchange.Started);
    }

    private void Fail(FormExchange exchange, string name, Exception failed)
    {
        switch (failed)
        {
            case StoreException:
                faults.StoreFailed(name, exchange.Http, failed);
                exchange.Refuse(OAuthError.TemporarilyUnavailable, "store_failed");
                break;
            case ConnectionResetException or OperationCanceledException:
                exchange.Abandon(); // The connection broke while the body came.
                break;
            case IOException unreadable: // The server's own: a broken chunk, a body that comes too slowly.
                exchange.Refuse(Unreadable with { Status = (unreadable as BadHttpRequestException)?.StatusCode ?? Unreadable.Status }, "body_unreadable");
                break;
            default:
                logger.Unexpected(name, RequestIds.Of(exchange.Http), failed);
                exchange.Refuse(OAuthError.ServerError);
                break;
        }
    }

    // The media type without its parameters; only UTF-8 is spoken (RFC 6749 Appendix B), so a charset needs no reading.
    private static bool IsForm(string? contentType)
    {
        const string Form = "application/x-www-form-urlencoded";
        if (contentType is null) return false;
        var end = contentType.IndexOf(';', StringComparison.Ordinal);
        var type = end < 0 ? contentType.AsSpan() : contentType.AsSpan(0, end);
        return type.Trim().Equals(Form, StringComparison.OrdinalIgnoreCase);
    }

    // What differs between the forms of the endpoints.
    private sealed record FormShape(int MaxBytes, string[] Repeatable)
    {
        /// <summary>Whether the parameters stand in the query.</summary>
        internal bool IsQuery { get; init; }

        internal OAuthError TooLarge { get; } = OAuthError.ContentTooLarge.With($"The body may have at most {MaxBytes} bytes.");
    }
}
