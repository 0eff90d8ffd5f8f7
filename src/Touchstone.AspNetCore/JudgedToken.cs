using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>A token of this request. What is known of one that is refused here (another API's, bound to somebody else, refused by the application) is for the log of decisions alone.</summary>
internal sealed class JudgedToken(IntrospectionResult judged) : ITokenIntrospectionFeature
{
    /// <summary>What was found out, whatever became of it.</summary>
    internal IntrospectionResult Judged => judged;

    /// <summary>Whether the request goes on with it.</summary>
    internal bool IsAccepted { get; set; }

    public IntrospectionResult Result => IsAccepted || !judged.IsActive ? judged : new IntrospectionResult(IntrospectionOutcome.Inactive, judged.Source, Age: judged.Age);
}
