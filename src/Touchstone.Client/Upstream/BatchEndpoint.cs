using System.Net;
using System.Net.Http.Headers;
using Touchstone.Client.Telemetry;

namespace Touchstone.Client.Upstream;

/// <summary>One call about several tokens (docs/api.md, <c>POST /oauth/introspect/batch</c>). Whatever goes wrong is a value.</summary>
/// <param name="authentication">How the caller proves itself.</param>
/// <param name="http">What sends.</param>
/// <param name="judge">What judges each answer as if it stood alone.</param>
/// <param name="after">The cursor of the feed, where the answers are to be kept as followed ones.</param>
/// <param name="time">The clock.</param>
/// <param name="faults">Who tells operators why it fails.</param>
internal sealed class BatchEndpoint(ClientAuthentication authentication, HttpClient http, IntrospectionEndpoint judge, Func<string?> after, TimeProvider time, ServerFaults faults)
{
    // For the call, and for each token: answers have up to some claims of 16 KiB.
    private const int MostBytes = 1 << 20, MostBytesEach = 64 << 10;

    private static readonly MediaTypeWithQualityHeaderValue Json = new("application/json");

    /// <summary>Asks about two tokens or more; gives an answer for each, in order, or one failure for all.</summary>
    internal async ValueTask<IReadOnlyList<UpstreamAnswer>> AskAsync(Uri place, IReadOnlyList<string> tokens, CancellationToken cancellationToken)
    {
        var answers = await AskOnceAsync(place, tokens, cancellationToken);
        return answers is [{ Fault: IntrospectionFault.Refused }] && authentication.Renews() ? await AskOnceAsync(place, tokens, cancellationToken) : answers;
    }

    private async ValueTask<IReadOnlyList<UpstreamAnswer>> AskOnceAsync(Uri place, IReadOnlyList<string> tokens, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, place);
            var form = new List<KeyValuePair<string, string>>(tokens.Count + 3);
            foreach (var token in tokens) form.Add(new("token", token));
            request.Headers.Accept.Add(Json);
            IntrospectionEndpoint.Follow(request, after());
            await authentication.ApplyAsync(request, form, cancellationToken);
            request.Content = new FormUrlEncodedContent(form);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode is not HttpStatusCode.OK)
            {
                faults.Fails(Asking.Tokens, await FaultWords.OfAsync(response, faults.Caller, cancellationToken));
                return [UpstreamAnswer.Failed(IntrospectionEndpoint.FaultOf(response.StatusCode), IntrospectionEndpoint.RetryAfter(response, time))];
            }
            var body = await BoundedReading.ReadAsync(response.Content, MostBytes + (tokens.Count * MostBytesEach), cancellationToken);
            if (body is not null && IntrospectionEndpoint.IsJson(response.Content.Headers.ContentType) && BatchAnswer.Split(body.Value, tokens.Count, IntrospectionEndpoint.Header(response, "Touchstone-As-Of"), judge.Judge) is { } answers)
            {
                faults.Works(Asking.Tokens);
                return answers;
            }
            faults.Fails(Asking.Tokens, FaultWords.NoAnswer);
            return [UpstreamAnswer.Failed(IntrospectionFault.Malformed)];
        }
        catch (OperationCanceledException)
        {
            faults.Fails(Asking.Tokens, FaultWords.NoTime);
            return [UpstreamAnswer.Failed(IntrospectionFault.Timeout)];
        }
        catch (HttpRequestException refused) when (refused.IsRefusal())
        {
            faults.Fails(Asking.Tokens, FaultWords.NoProof);
            return [UpstreamAnswer.Failed(IntrospectionFault.Refused)];
        }
        catch (Exception failed) when (failed.IsOutOfReach())
        {
            faults.Fails(Asking.Tokens, FaultWords.Of(failed));
            return [UpstreamAnswer.Failed(IntrospectionFault.Unreachable)];
        }
    }
}
