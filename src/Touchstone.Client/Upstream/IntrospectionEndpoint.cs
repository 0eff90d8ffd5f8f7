using System.Net;
using System.Net.Http.Headers;
using Touchstone.Client.Jwt;
using Touchstone.Client.Memory;
using Touchstone.Client.Telemetry;
using Touchstone.Protocol.Following;
using Touchstone.Protocol.Introspection;

namespace Touchstone.Client.Upstream;

/// <summary>One call of an introspection endpoint (RFC 7662 §2), and the judging of its answer. Whatever goes wrong is a value.</summary>
/// <param name="authentication">How the caller proves itself.</param>
/// <param name="discovery">Where the endpoint is.</param>
/// <param name="http">What sends.</param>
/// <param name="after">The cursor of the feed, where the answer is to be kept as a followed one.</param>
/// <param name="time">The clock.</param>
/// <param name="signed">Opens signed answers; null where they are plain.</param>
/// <param name="faults">Who tells operators why it fails.</param>
/// <param name="issuers">Whose tokens it may tell of; null: anybody's.</param>
internal sealed class IntrospectionEndpoint(ClientAuthentication authentication, Discovery discovery, HttpClient http, Func<string?> after, TimeProvider time, SignedAnswers? signed, ServerFaults faults, IReadOnlyList<string>? issuers = null)
{
    private const int MostBytes = 1 << 20;

    private readonly SharedTexts _texts = new();
    private long _skew; // Ticks.

    /// <summary>By how much the server's clock was ahead when it last answered, to the second.</summary>
    internal TimeSpan ClockSkew => TimeSpan.FromTicks(Volatile.Read(ref _skew));

    /// <summary>Asks about a token. A caller that is refused and has another proof tries once more.</summary>
    internal async ValueTask<UpstreamAnswer> AskAsync(string token, CancellationToken cancellationToken)
    {
        var answer = await AskOnceAsync(token, cancellationToken);
        return answer.Fault is IntrospectionFault.Refused && authentication.Renews() ? await AskOnceAsync(token, cancellationToken) : answer;
    }

    private async ValueTask<UpstreamAnswer> AskOnceAsync(string token, CancellationToken cancellationToken)
    {
        try
        {
            if (await discovery.FindAsync(cancellationToken) is not { Introspection: { } endpoint }) return UpstreamAnswer.Failed(IntrospectionFault.Unreachable);
            using var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
            var form = new List<KeyValuePair<string, string>>(4) { new("token", token) };
            request.Headers.TryAddWithoutValidation("Accept", signed is null ? "application/json" : SignedAnswers.MediaType);
            Follow(request, after());
            await authentication.ApplyAsync(request, form, cancellationToken);
            request.Content = new FormUrlEncodedContent(form);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.Headers.Date is { } date) Volatile.Write(ref _skew, (date - time.GetUtcNow()).Ticks);
            if (response.StatusCode is not HttpStatusCode.OK)
            {
                faults.Fails(Asking.Tokens, await FaultWords.OfAsync(response, faults.Caller, cancellationToken));
                return UpstreamAnswer.Failed(FaultOf(response.StatusCode), RetryAfter(response, time));
            }
            if (await BoundedReading.ReadAsync(response.Content, MostBytes, cancellationToken) is not { } body || !IsWanted(response.Content.Headers.ContentType)) return Told(UpstreamAnswer.Failed(IntrospectionFault.Malformed));
            if (signed is not null)
            {
                var opened = await signed.OpenAsync(body, token, cancellationToken);
                return Told(opened.Fault is IntrospectionFault.None ? Judge(opened.Json, opened.AsOf, opened.Tags) : UpstreamAnswer.Failed(opened.Fault));
            }
            return Told(Judge(body, Header(response, "Touchstone-As-Of"), Header(response, "Touchstone-Tags")));
        }
        catch (OperationCanceledException)
        {
            faults.Fails(Asking.Tokens, FaultWords.NoTime);
            return UpstreamAnswer.Failed(IntrospectionFault.Timeout); // Nothing else ends a call: no check that waits for it can.
        }
        catch (HttpRequestException refused) when (refused.IsRefusal())
        {
            faults.Fails(Asking.Tokens, FaultWords.NoProof);
            return UpstreamAnswer.Failed(IntrospectionFault.Refused);
        }
        catch (Exception failed) when (failed.IsOutOfReach())
        {
            faults.Fails(Asking.Tokens, FaultWords.Of(failed));
            return UpstreamAnswer.Failed(IntrospectionFault.Unreachable);
        }
    }

    // What it said of one token may be odd; what it says of any is told.
    private UpstreamAnswer Told(UpstreamAnswer answer)
    {
        if (answer.Fault is IntrospectionFault.None) faults.Works(Asking.Tokens);
        else if (answer.Fault is IntrospectionFault.KeysUnavailable) faults.Fails(Asking.Tokens, "signs its answers with keys that can't be had");
        else faults.Fails(Asking.Tokens, FaultWords.NoAnswer);
        return answer;
    }

    /// <summary>Asks for what a follower needs to keep the answer.</summary>
    internal static void Follow(HttpRequestMessage request, string? cursor)
    {
        if (cursor is null) return;
        request.Headers.TryAddWithoutValidation("Touchstone-Follow", "1");
        request.Headers.TryAddWithoutValidation("Touchstone-After", cursor);
    }

    /// <summary>Judges one answer, and what it is to be kept beside.</summary>
    internal UpstreamAnswer Judge(ReadOnlyMemory<byte> body, string? asOf, string? tags)
    {
        if (!IntrospectionAnswer.TryRead(body.Span, out var answer)) return UpstreamAnswer.Failed(IntrospectionFault.Malformed);
        IntrospectedToken? token = null;
        if (answer.IsActive && !IntrospectedToken.TryRead(answer, body, _texts, out token)) return UpstreamAnswer.Failed(IntrospectionFault.Malformed);
        // Another's token is for the other to know: else each server could make those of all (W-07).
        if (token is not null && !issuers.Allow(token)) return UpstreamAnswer.Failed(IntrospectionFault.Malformed);
        FollowedMark? mark = FollowedMark.TryRead(asOf, tags, answer.IsActive, out var read) ? read : null;
        return new UpstreamAnswer(answer.IsActive ? IntrospectionOutcome.Active : IntrospectionOutcome.Inactive, IntrospectionFault.None, token, mark, body.Length);
    }

    // A plain answer is none where a signed one is demanded, and the reverse: nobody talks this client down.
    private bool IsWanted(MediaTypeHeaderValue? type) => signed is null ? IsJson(type) : string.Equals(type?.MediaType, SignedAnswers.MediaType, StringComparison.OrdinalIgnoreCase);

    // I-46: an answer that is not JSON is none.
    internal static bool IsJson(MediaTypeHeaderValue? type) => string.Equals(type?.MediaType, "application/json", StringComparison.OrdinalIgnoreCase);

    internal static string? Header(HttpResponseMessage response, string name) => response.Headers.NonValidated.TryGetValues(name, out var values) && values.Count == 1 ? values.ToString() : null;

    internal static IntrospectionFault FaultOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.TooManyRequests => IntrospectionFault.Throttled,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => IntrospectionFault.Refused,
        >= HttpStatusCode.InternalServerError => IntrospectionFault.ServerError,
        _ => IntrospectionFault.Malformed,
    };

    internal static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date - time.GetUtcNow() is { } wait && wait > TimeSpan.Zero => wait,
        _ => null,
    };
}
