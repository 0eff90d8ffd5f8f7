using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;

namespace Touchstone.AspNetCore;

/// <summary>Why a request is refused: made once for each reason. It carries no token, and says to the challenge what to answer.</summary>
internal sealed class Refusal : AuthenticateResult
{
    internal static readonly Refusal Malformed = new(StatusCodes.Status400BadRequest, "invalid_request", "The Authorization header holds no token.", "malformed"),
        Ambiguous = new(StatusCodes.Status400BadRequest, "invalid_request", "The request holds more than one token.", "ambiguous"),
        Inactive = new(StatusCodes.Status401Unauthorized, "invalid_token", "The token is not active.", "inactive"),
        // In the same words as a token that is not active: who stole it learns nothing of it. The log of decisions has the reason.
        Unbound = new(StatusCodes.Status401Unauthorized, "invalid_token", "The token is not active.", "binding"),
        OtherAudience = new(StatusCodes.Status401Unauthorized, "invalid_token", "The token is not active.", "audience"),
        BadProof = new(StatusCodes.Status401Unauthorized, "invalid_dpop_proof", "The DPoP proof is not good for this request.", "proof"),
        NeedsNonce = new(StatusCodes.Status401Unauthorized, "use_dpop_nonce", "The DPoP proof needs a nonce of this API.", "nonce"),
        CannotTell = new(StatusCodes.Status503ServiceUnavailable, "temporarily_unavailable", "The token could not be judged.", "cannot_tell");

    private Refusal(int status, string error, string description, string reason)
    {
        (Status, Error, Description, Reason) = (status, error, description, reason);
        Failure = new AuthenticationFailureException(description);
    }

    internal int Status { get; }

    internal string Error { get; }

    internal string Description { get; }

    /// <summary>What metrics and the log of decisions call it.</summary>
    internal string Reason { get; }
}
