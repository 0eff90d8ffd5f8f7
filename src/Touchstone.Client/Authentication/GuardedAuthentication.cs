using System.Net;
using Touchstone.Client.Telemetry;
using Touchstone.Client.Upstream;

namespace Touchstone.Client.Authentication;

/// <summary>A proof whose functions may throw what they like: beside what is out of reach it comes to a refusal of this caller, and never to the end of what asked for it.</summary>
internal sealed class GuardedAuthentication(ClientAuthentication inner, CallbackFaults faults) : ClientAuthentication
{
    protected internal override async ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken)
    {
        try
        {
            var applied = inner.ApplyAsync(request, form, cancellationToken);
            // One that hears of no end is not waited for beyond it.
            if (!applied.IsCompletedSuccessfully) await applied.AsTask().WaitAsync(cancellationToken);
        }
        catch (Exception thrown) when (!IsOutOfReach(thrown))
        {
            faults.Tell(nameof(TokenIntrospectionOptions.Authentication), thrown);
            throw Refusal();
        }
    }

    internal override bool Renews()
    {
        try
        {
            return inner.Renews();
        }
        catch (Exception thrown)
        {
            if (!IsOutOfReach(thrown)) faults.Tell(nameof(TokenIntrospectionOptions.Authentication), thrown);
            return false; // Nobody knows of another proof.
        }
    }

    /// <summary>Whether it says that something can't be reached now, as these functions may say.</summary>
    internal static bool IsOutOfReach(Exception thrown) => thrown.IsOutOfReach() || thrown is OperationCanceledException or TimeoutException;

    /// <summary>What is thrown in place of anything else. Without the cause: its text may hold a secret.</summary>
    internal static HttpRequestException Refusal() => new("This caller can not prove itself.", inner: null, HttpStatusCode.Unauthorized);
}
