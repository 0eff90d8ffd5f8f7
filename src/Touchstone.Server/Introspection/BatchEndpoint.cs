using System.Buffers;
using System.Text.Json;
using Touchstone.Protocol;
using Touchstone.Protocol.Forms;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Feed;
using Touchstone.Server.Http;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Introspection;

/// <summary>
/// <c>POST /oauth/introspect/batch</c>, an extension: several parameters <c>token</c> in one request, each judged alone, as <see cref="IntrospectionEndpoint"/> would.
/// The answers stand in <c>results</c> in the order of the tokens; when the store fails for one there is no answer for any.
/// </summary>
internal sealed class BatchEndpoint(IntrospectionSteps steps, FollowedAnswers following, ServerMetrics metrics)
{
    /// <summary>The most tokens in one request.</summary>
    internal const int MaxTokens = 100;

    /// <summary>The room that they take in a form: the longest tokens, none of which needs escapes, each as <c>token=…&amp;</c>.</summary>
    internal const int MaxTokenBytes = MaxTokens * (TokenFormat.MaxLength + 7);

    private static readonly OAuthError NotAcceptable = OAuthError.NotAcceptable.With("Accept application/json: answers about several tokens are not signed.");

    internal async ValueTask HandleAsync(FormExchange exchange)
    {
        following.Begin(exchange);
        var count = Count(exchange.Form);
        exchange.Tokens = Math.Clamp(count, 1, MaxTokens);
        if (!await steps.AdmitAsync(exchange, "introspect_batch")) return;
        if (AnswerForms.Of(exchange.Http.Request.Headers.Accept, canSign: false) is AnswerForm.Neither)
        {
            exchange.Refuse(NotAcceptable);
            return;
        }
        if (count is 0 or > MaxTokens)
        {
            exchange.Refuse(OAuthError.InvalidRequest.With(count == 0 ? "The parameter token is missing." : $"There may be at most {MaxTokens} tokens in one request."));
            return;
        }

        if (exchange.AsOf is not null && !await following.CatchUpAsync(exchange)) return;

        var judged = new JudgedToken[count];
        await JudgeAsync(exchange, judged);
        if (Array.Exists(judged, token => token.IsBlocked))
        {
            steps.RefuseBlocked(exchange);
            return;
        }
        await RecordAsync(exchange, judged);
        Answer(exchange, judged);
    }

    private static int Count(OAuthForm form)
    {
        var count = 0;
        for (var position = 0; form.Next("token"u8, ref position, out _);) count++;
        return count;
    }

    // All are looked for before the first is waited for: a store over a network is asked for all at once.
    private Task JudgeAsync(FormExchange exchange, JudgedToken[] judged)
    {
        List<Task>? waiting = null;
        for (int i = 0, position = 0; exchange.Form.Next("token"u8, ref position, out var token); i++)
        {
            var judging = steps.JudgeAsync(exchange, token);
            if (judging.IsCompletedSuccessfully) judged[i] = judging.Result;
            else (waiting ??= []).Add(PutAsync(judging, judged, i));
        }
        return waiting is null ? Task.CompletedTask : Task.WhenAll(waiting);
    }

    private static async Task PutAsync(ValueTask<JudgedToken> judging, JudgedToken[] judged, int i) => judged[i] = await judging;

    // With audit "all" the records of one request share the writes of the file.
    private Task RecordAsync(FormExchange exchange, JudgedToken[] judged)
    {
        List<Task>? waiting = null;
        for (int i = 0, position = 0; exchange.Form.Next("token"u8, ref position, out var token); i++)
        {
            var recording = steps.RecordAsync(exchange, token, judged[i]);
            if (!recording.IsCompletedSuccessfully) (waiting ??= []).Add(recording.AsTask());
        }
        return waiting is null ? Task.CompletedTask : Task.WhenAll(waiting);
    }

    private void Answer(FormExchange exchange, JudgedToken[] judged)
    {
        var output = new ArrayBufferWriter<byte>(512 * judged.Length);
        output.Write("{\"results\":["u8);
        for (var i = 0; i < judged.Length; i++)
        {
            if (i > 0) output.Write(","u8);
            output.Write(steps.AnswerOf(exchange, judged[i]));
            metrics.JudgedInBatch(judged[i].Reason.Name());
        }
        output.Write("]"u8);
        if (exchange.AsOf is not null) AnswerFollower(exchange, judged, output);
        output.Write("}"u8);
        exchange.Answer(output.WrittenSpan, "answered", "answered");
    }

    // A hundred lists of tags are too much for a header.
    private void AnswerFollower(FormExchange exchange, JudgedToken[] judged, ArrayBufferWriter<byte> output)
    {
        output.Write(",\"tags\":"u8);
        using var json = new Utf8JsonWriter(output);
        following.Tell(exchange, judged, json);
    }
}
