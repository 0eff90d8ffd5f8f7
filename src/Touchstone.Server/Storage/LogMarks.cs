namespace Touchstone.Server.Storage;

/// <summary>What the store says of its log beside the rows.</summary>
/// <param name="Forgotten">The newest forgotten row of those that may end several tokens; 0 when none was.</param>
/// <param name="ForgottenTokens">The newest forgotten row of those that end a token and what descends from it; 0 when none was.</param>
/// <param name="LongestLifetime">The largest <c>MaxTokenLifetime</c> of the process that runs, or, where there may be several, of any that ever ran, in seconds: a token may live as long, whichever node issued it.</param>
internal readonly record struct LogMarks(long Forgotten, long ForgottenTokens, long LongestLifetime)
{
    /// <summary>Where the last of them lies among the settings. A start sets it, or, where there may be other processes, raises it.</summary>
    internal const string LifetimeSetting = "longest_token_lifetime";
}
