using Touchstone.Client.Memory;
using Touchstone.Protocol.Following;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Upstream;

/// <summary>What became of asking the server about a token. One object: as a structure of this size it would be copied by each of a dozen waits on its way.</summary>
/// <param name="Outcome">What it said.</param>
/// <param name="Fault">Why it said nothing.</param>
/// <param name="Token">What it said of an active token.</param>
/// <param name="Mark">What the answer is kept beside; null where the feed tells nothing of its token.</param>
/// <param name="Bytes">The size of the answer.</param>
/// <param name="RetryAfter">When it may be asked again, where it said so.</param>
internal sealed record UpstreamAnswer(IntrospectionOutcome Outcome, IntrospectionFault Fault, IntrospectedToken? Token = null, FollowedMark? Mark = null, int Bytes = 0, TimeSpan? RetryAfter = null)
{
    /// <summary>When it was asked: before the request was sent.</summary>
    internal ClockReading Asked { get; init; }

    /// <summary>The same as something to be kept; null where it was not asked, or said nothing.</summary>
    internal HeldAnswer? Held { get; init; }

    /// <summary>What was found to be kept after all, so that the server was not asked; null where it was.</summary>
    internal HeldAnswer? Kept { get; private init; }

    /// <summary>Who said it.</summary>
    internal IntrospectionSource Source { get; private init; }

    internal static UpstreamAnswer Of(HeldAnswer kept, IntrospectionSource source) =>
        new(kept.Token is null ? IntrospectionOutcome.Inactive : IntrospectionOutcome.Active, IntrospectionFault.None, kept.Token) { Kept = kept, Source = source };

    internal static UpstreamAnswer Failed(IntrospectionFault fault, TimeSpan? retryAfter = null) => new(IntrospectionOutcome.CannotTell, fault, RetryAfter: retryAfter);

    /// <summary>Whether asking again may help, and whether the server is in trouble. Its refusals of this caller and what it can't say rightly are neither.</summary>
    internal bool IsTransient => Fault is IntrospectionFault.Unreachable or IntrospectionFault.Timeout or IntrospectionFault.ServerError or IntrospectionFault.Throttled;
}
