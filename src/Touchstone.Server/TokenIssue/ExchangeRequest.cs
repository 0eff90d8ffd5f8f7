using Touchstone.Protocol;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.TokenIssue;

/// <summary>What a request for an exchange has to say beside its tokens (RFC 8693 §2.1).</summary>
/// <param name="SubjectType">The declared type of the subject's token.</param>
/// <param name="ActorType">The declared type of the actor's token; null where there is none.</param>
/// <param name="WantsJwt">Whether only a JWT will do. Whether the client is issued one is seen when it is made.</param>
internal readonly record struct ExchangeRequest(string SubjectType, string? ActorType, bool WantsJwt)
{
    /// <summary>Reads it, or says what is wrong with it. Only the form is looked at, so everything may be said.</summary>
    internal static OAuthError? TryRead(TokenRequest request, out ExchangeRequest read)
    {
        read = default;
        if (request.Exchange.Form["subject_token"u8].IsEmpty) return OAuthError.InvalidRequest.With("The parameter subject_token is missing.");
        if (request["subject_token_type"u8] is not { } subjectType) return OAuthError.InvalidRequest.With("The parameter subject_token_type is missing.");
        if (!TokenTypes.IsAccepted(subjectType)) return NotAccepted("subject_token_type");

        var (hasActor, actorType) = (!request.Exchange.Form["actor_token"u8].IsEmpty, request["actor_token_type"u8]);
        if (hasActor && actorType is null) return OAuthError.InvalidRequest.With("The parameter actor_token_type is missing.");
        if (!hasActor && actorType is not null) return OAuthError.InvalidRequest.With("There is an actor_token_type and no actor_token.");
        if (actorType is not null && !TokenTypes.IsAccepted(actorType)) return NotAccepted("actor_token_type");

        var requested = request["requested_token_type"u8];
        if (requested is not (null or TokenTypes.AccessToken or TokenTypes.Jwt)) return OAuthError.InvalidRequest.With($"This server issues {TokenTypes.AccessToken}, or {TokenTypes.Jwt} where the client or the resource servers want JWTs: name one of them as requested_token_type, or none.");

        read = new ExchangeRequest(subjectType, actorType, requested == TokenTypes.Jwt);
        return null;
    }

    /// <summary>The authorization details of the new token: those of the subject's token that are asked for. None where none are named: what somebody may do in detail does not travel by itself.</summary>
    internal static DetailsResult DetailsOf(TokenRequest request, DetailTypes types, TokenRecord subject, IReadOnlyList<string> audience) =>
        request.Exchange.Form["authorization_details"u8].IsEmpty ? default : types.Narrow(request, subject.AuthorizationDetails, audience, subject.Audience);

    private static OAuthError NotAccepted(string parameter) => OAuthError.InvalidRequest.With($"As {parameter} this server takes {TokenTypes.AccessToken} and {TokenTypes.Jwt}.");
}
