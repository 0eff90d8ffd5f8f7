using System.Diagnostics;

namespace Touchstone.Client.Telemetry;

/// <summary>Traces of the calls of a client: one span each, as a child of the check that began it. An answer from memory makes none. No token and nothing of an answer is in it.</summary>
internal static class ClientActivities
{
    internal const string SourceName = "Touchstone.Client", Name = "introspect";
    internal const string ClientName = "touchstone.client.name", Outcome = "touchstone.client.outcome", ErrorType = "error.type";

    private static readonly ActivitySource Source = new(SourceName);

    internal static Activity? Begin(string client) => Source.StartActivity(Name, ActivityKind.Client)?.SetTag(ClientName, client);

    /// <summary>What came of it.</summary>
    internal static void Tell(this Activity? activity, IntrospectionOutcome outcome, IntrospectionFault fault)
    {
        if (activity is null) return;
        activity.SetTag(Outcome, ClientMetrics.Outcomes[(int)outcome]);
        if (fault is IntrospectionFault.None) return;
        activity.SetTag(ErrorType, ClientMetrics.Faults[(int)fault]);
        activity.SetStatus(ActivityStatusCode.Error);
    }
}
