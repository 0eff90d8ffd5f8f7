namespace Touchstone.EndToEnd.Tests;

/// <summary>Programs that tests run to their end.</summary>
internal static class Programs
{
    internal static Command Bash { get; } = new("/bin/bash");
}

/// <summary>What every message to a person keeps to.</summary>
internal static class Messages
{
    /// <summary>Ended like this, with lines for people only: no stack trace, no exception's name.</summary>
    internal static void ShouldEndWith(this CommandResult result, int exitCode)
    {
        result.ExitCode.ShouldBe(exitCode, result.Output + result.Error);
        result.Error.ShouldNotContain("   at ");
        result.Error.ShouldNotContain("Exception");
        result.Error.ShouldNotContain("please report");
    }
}
