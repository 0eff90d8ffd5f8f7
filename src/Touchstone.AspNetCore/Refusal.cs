using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;

namespace Touchstone.AspNetCore;

/// <summary>Why a request is refused: made once for each reason. It carries no token, and says to the challenge what to answer.</summary>
internal sealed class Refusal : AuthenticateResult
{
    internal static readonly Refusal Malformed = new(StatusCodes.Status400BadRequest, "invalid_request", "The Authorization header holds no token."),
        Ambiguous = new(StatusCodes.Status400BadRequest, "invalid_request", "The request holds more than one token."),
        Inactive = new(StatusCodes.Status401Unauthorized, "invalid_token", "The token is not active."),
        OtherAudience = new(StatusCodes.Status401Unauthorized, "invalid_token", "The token is for another API."),
        BadProof = new(StatusCodes.Status401Unauthorized, "invalid_dpop_proof", "The DPoP proof is not good for this request."),
        NeedsNonce = new(StatusCodes.Status401Unauthorized, "use_dpop_nonce", "The DPoP proof needs a nonce of this API."),
        CannotTell = new(StatusCodes.Status503ServiceUnavailable, "temporarily_unavailable", "The token could not be judged.");

    private Refusal(int status, string error, string description)
    {
        (Status, Error, Description) = (status, error, description);
        Failure = new AuthenticationFailureException(description);
    }

    internal int Status { get; }

    internal string Error { get; }

    internal string Description { get; }
}
