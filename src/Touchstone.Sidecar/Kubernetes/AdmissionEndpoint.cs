using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Touchstone.Client;
using Touchstone.Protocol;
using Touchstone.Sidecar.Decisions;
using Touchstone.Sidecar.Introspection;
using Touchstone.Sidecar.Telemetry;

namespace Touchstone.Sidecar.Kubernetes;

/// <summary>
/// <c>POST /k8s/admission</c>: a webhook of the API server that lets a request pass only where the object names an active token that meets the rule. Refusing is an answer, <c>allowed: false</c>; that nobody can be asked is 503, and what
/// comes of it the <c>failurePolicy</c> of the webhook says. Nothing is changed by a question, so a dry run is one like any.
/// </summary>
internal sealed class AdmissionEndpoint(IntrospectionRouter tokens, Decider decider, RulesInForce rules, AdmissionConfig config, DecisionLog log, SidecarMetrics metrics)
{
    internal const string Path = "/k8s/admission";

    // What the API server takes of its clients; an object that it stores is half of that.
    private const int MaxBodyBytes = 3 << 20;

    internal async Task ServeAsync(HttpContext http)
    {
        // 1. Who asks, and what?
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = MaxBodyBytes;
        if (!rules.Now.Trusts(http.Connection)) Answers.Refuse(http.Response, OAuthError.AccessDenied.With("This peer is not among trusted_proxies."));
        else if (!HttpMethods.IsPost(http.Request.Method)) Answers.Refuse(http.Response, OAuthError.MethodNotAllowed);
        else if (await BoundedBody.ReadAsync(http.Request, MaxBodyBytes) is not { } body) Answers.Refuse(http.Response, OAuthError.ContentTooLarge);
        else if (AdmissionReview.Read(body.Span) is not { } review) Answers.Refuse(http.Response, OAuthError.InvalidRequest.With("This is no AdmissionReview of admission.k8s.io/v1."));
        else await AnswerAsync(http, review);
    }

    private async Task AnswerAsync(HttpContext http, AdmissionReview review)
    {
        var rule = config.Rules.FirstOrDefault(rule => rule.Matches(review));
        Decision decision;
        try
        {
            decision = await DecideAsync(review, rule, http.RequestAborted);
        }
        catch (Exception bug) when (bug is not OperationCanceledException)
        {
            log.Broke(bug);
            decision = new Decision(Verdict.CannotTell, "fault");
        }
        log.Tell(decision, review);
        metrics.Admitted(decision);
        if (decision.Verdict is Verdict.CannotTell) Answers.Refuse(http.Response, OAuthError.TemporarilyUnavailable.With("The token could not be judged. Try again."));
        else Write(http.Response, review, decision, rule);
    }

    private async ValueTask<Decision> DecideAsync(AdmissionReview review, AdmissionRule? rule, CancellationToken cancellationToken)
    {
        // 2. Which rule is it about, and which token does the object name?
        if (rule is null) return new Decision(Verdict.NoRule, "no_rule");
        if (review.Annotation(rule.Annotation) is not { } token) return new Decision(Verdict.NoToken, "no_token", rule.Token);

        // 3. Is it active, and does it meet the rule?
        return decider.Judge(rule.Token, await tokens.IntrospectAsync(token, rule.Token.Policy, cancellationToken));
    }

    private void Write(HttpResponse response, AdmissionReview review, in Decision decision, AdmissionRule? rule)
    {
        var isAllowed = decision.Verdict is Verdict.Allowed;
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("apiVersion"u8, AdmissionReview.ApiVersion);
            json.WriteString("kind"u8, "AdmissionReview"u8);
            json.WriteStartObject("response"u8);
            json.WriteString("uid"u8, review.Uid);
            json.WriteBoolean("allowed"u8, isAllowed);
            if (!isAllowed)
            {
                json.WriteStartObject("status"u8);
                json.WriteNumber("code"u8, StatusCodes.Status403Forbidden);
                json.WriteString("message"u8, $"{decision.Reason}: {TextOf(decision, rule)}");
                json.WriteEndObject();
            }
            else if (config.RemovesAnnotation && review.Operation is "CREATE" or "UPDATE")
            {
                json.WriteString("patchType"u8, "JSONPatch"u8);
                json.WriteBase64String("patch"u8, Encoding.UTF8.GetBytes($"[{{\"op\":\"remove\",\"path\":\"/metadata/annotations/{rule!.Annotation.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}\"}}]"));
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        Answers.Write(response, StatusCodes.Status200OK, buffer.WrittenSpan);
    }

    // For whoever runs kubectl; nothing of the token.
    private static string TextOf(in Decision decision, AdmissionRule? rule) => decision.Verdict switch
    {
        Verdict.NoRule => "no rule of the sidecar is about this request",
        Verdict.NoToken => $"the object has no annotation {rule!.Annotation}",
        Verdict.InvalidToken => "the token is not active, or not for this",
        Verdict.InsufficientScope => "the token lacks a scope",
        Verdict.StepUp => "another authentication of the user is needed",
        _ => "the token is not what the rule asks for",
    };
}
