using System.Text.Json;
using Microsoft.Extensions.Logging;
using Touchstone.Sidecar.Kubernetes;

namespace Touchstone.Sidecar.Decisions;

/// <summary>Which decisions are logged.</summary>
internal enum DecisionLogging
{
    /// <summary>None. The default.</summary>
    None,

    /// <summary>Those that refuse.</summary>
    Refused,

    /// <summary>All.</summary>
    All,
}

/// <summary>
/// Answers from memory never reach the server, so its audit does not have them: this log proves what was decided, by what. No token, and no path: that may hold whatever an API puts there. A token is named by its <c>jti</c>,
/// where the server gives it one.
/// </summary>
internal sealed partial class DecisionLog(DecisionLogging logged, ILogger<DecisionLog> logger)
{
    private const int MostOfSent = 100;

    /// <summary>Whether decisions such as this are logged.</summary>
    internal bool Tells(in Decision decision) => logged is not DecisionLogging.None && (logged is not DecisionLogging.Refused || decision.Verdict is not Verdict.Allowed);

    /// <summary>Tells of one that is logged.</summary>
    /// <param name="decision">The decision.</param>
    /// <param name="proxy">Who asked.</param>
    /// <param name="request">About what.</param>
    /// <param name="detail">What else there is to it; empty: nothing.</param>
    internal void Tell(in Decision decision, string proxy, in OriginalRequest request, string detail = "")
    {
        var claims = decision.Token?.Claims;
        Decided(logger, decision.Reason, decision.Rule?.Name, proxy, Sent(request.Method), Sent(request.Authority), decision.Source?.ToString(), decision.Age.TotalSeconds, LogText.OfName(decision.Token?.ClientId), LogText.OfName(Text(claims, "jti")), LogText.OfPeople(decision.Policy.Reason) is { } said ? $"{detail}; the policy says: {said}" : detail);
    }

    internal void Tell(in Decision decision, AdmissionReview review)
    {
        if (!Tells(decision)) return;
        Admitted(logger, decision.Reason, decision.Rule?.Name, review.Operation, Sent(review.Resource), Sent(review.Namespace), Sent(review.Name), review.IsDryRun, LogText.OfName(decision.Token?.ClientId), LogText.OfName(Text(decision.Token?.Claims, "jti")));
    }

    /// <summary>A bug, and the request is refused.</summary>
    internal void Broke(Exception bug) => DecisionFailed(logger, bug);

    // A request that could not be read has none.
    private static string Sent(string? text) => LogText.OfName(text, MostOfSent) ?? "";

    private static string? Text(JsonElement? claims, string name) => claims is { } known && known.TryGetProperty(name, out var claim) && claim.ValueKind is JsonValueKind.String ? claim.GetString() : null;

    [LoggerMessage(11, LogLevel.Error, "A decision failed by a fault of the sidecar. The request was refused.")]
    private static partial void DecisionFailed(ILogger logger, Exception bug);

    [LoggerMessage(12, LogLevel.Information, "{Reason} by rule {Rule} of admission: {Operation} {Resource} {Namespace}/{Name}, dry run: {IsDryRun}; client {Client}, jti {Jti}")]
    private static partial void Admitted(ILogger logger, string reason, string? rule, string operation, string resource, string @namespace, string name, bool isDryRun, string? client, string? jti);

    [LoggerMessage(10, LogLevel.Information, "{Reason} by rule {Rule}: {Method} at {Host}, asked by {Proxy}; from {Source}, {Age} s old; client {Client}, jti {Jti}{Detail}")]
    private static partial void Decided(ILogger logger, string reason, string? rule, string proxy, string method, string host, string? source, double age, string? client, string? jti, string detail);
}
