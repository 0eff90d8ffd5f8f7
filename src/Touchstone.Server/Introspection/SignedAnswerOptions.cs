namespace Touchstone.Server.Introspection;

/// <summary>Introspection answers as signed JWTs (RFC 9701). Under <c>Touchstone:SignedAnswers</c>.</summary>
public sealed class SignedAnswerOptions
{
    /// <summary>Whether a request for a signed answer without credentials is challenged (401), as one for a plain answer is. Default false: 400, as RFC 9701 §5 has it. Wrong credentials are 401 in any case.</summary>
    public bool ChallengeMissingCredentials { get; set; }
}
