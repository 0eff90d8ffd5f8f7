using Touchstone.Protocol;
using Touchstone.Protocol.Introspection;
using Touchstone.Server.Feed;
using Touchstone.Server.Http;

namespace Touchstone.Server.Introspection;

/// <summary>
/// <c>POST /oauth/introspect</c> (RFC 7662). Read it downward: each step may end the request, and the order is the security argument.
/// The steps themselves are <see cref="IntrospectionSteps"/>, the rule that decides is <see cref="IntrospectionRules"/>.
/// </summary>
internal sealed class IntrospectionEndpoint(IntrospectionSteps steps, SignedAnswers signed, FollowedAnswers following)
{
    internal ValueTask HandleAsync(FormExchange exchange)
    {
        // 0. Does it follow the feed, and in which form does it want the answer?
        following.Begin(exchange);
        exchange.Wanted = AnswerForms.Of(exchange.Http.Request.Headers.Accept);

        // 1. Who asks, and may it ask?
        var admitting = steps.AdmitAsync(exchange, "introspect");
        return admitting.IsCompletedSuccessfully ? JudgeAsync(exchange, admitting.Result) : AwaitAdmissionAsync(exchange, admitting);
    }

    private ValueTask JudgeAsync(FormExchange exchange, bool isAdmitted)
    {
        if (!isAdmitted) return ValueTask.CompletedTask;
        return exchange.Wanted is AnswerForm.Json ? ReadAsync(exchange) : PrepareAsync(exchange);
    }

    // A signed answer takes keys, which may have to be waited for.
    private async ValueTask PrepareAsync(FormExchange exchange)
    {
        if (await signed.PrepareAsync(exchange)) await ReadAsync(exchange);
    }

    private ValueTask ReadAsync(FormExchange exchange)
    {
        // 2. About what? Only now: who is not known learns nothing about its request (I-02).
        if (!IntrospectionRequest.TryRead(exchange.Form, out var request))
        {
            exchange.Refuse(OAuthError.InvalidRequest.With("The parameter token is missing."));
            return ValueTask.CompletedTask;
        }
        return exchange.AsOf is null ? FindAsync(exchange, request.Token) : CatchUpAsync(exchange);
    }

    // 3. Is it good, for this caller, now?
    private ValueTask FindAsync(FormExchange exchange, ReadOnlySpan<byte> token)
    {
        var judging = steps.JudgeAsync(exchange, token);
        return judging.IsCompletedSuccessfully ? RecordAsync(exchange, judging.Result) : AwaitJudgementAsync(exchange, judging);
    }

    // A follower is not told less than it knows already.
    private async ValueTask CatchUpAsync(FormExchange exchange)
    {
        if (await following.CatchUpAsync(exchange)) await FindAsync(exchange, exchange.Form["token"u8]);
    }

    // 4. Recorded first, 5. answered then.
    private ValueTask RecordAsync(FormExchange exchange, in JudgedToken judged)
    {
        if (judged.IsBlocked)
        {
            steps.RefuseBlocked(exchange);
            return ValueTask.CompletedTask;
        }
        // Of a known token the record says all; the form is searched for an unknown one only.
        var recording = steps.RecordAsync(exchange, judged.Found.Entry is null ? exchange.Form["token"u8] : default, judged);
        if (!recording.IsCompletedSuccessfully) return AwaitRecordAsync(exchange, judged, recording);
        Answer(exchange, judged);
        return ValueTask.CompletedTask;
    }

    private void Answer(FormExchange exchange, in JudgedToken judged)
    {
        if (exchange.AsOf is not null) following.Tell(exchange, judged);
        var answer = steps.AnswerOf(exchange, judged);
        var outcome = judged.Reason is InactiveReason.None ? "active" : "inactive";
        if (exchange.Wanted is AnswerForm.Json) exchange.Answer(answer, outcome, judged.Reason.Name());
        else signed.Answer(exchange, answer, outcome, judged.Reason.Name());
    }

    private async ValueTask AwaitAdmissionAsync(FormExchange exchange, ValueTask<bool> admitting) => await JudgeAsync(exchange, await admitting);

    private async ValueTask AwaitJudgementAsync(FormExchange exchange, ValueTask<JudgedToken> judging) => await RecordAsync(exchange, await judging);

    private async ValueTask AwaitRecordAsync(FormExchange exchange, JudgedToken judged, ValueTask recording)
    {
        await recording;
        Answer(exchange, judged);
    }
}
