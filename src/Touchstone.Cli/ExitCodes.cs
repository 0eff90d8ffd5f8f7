namespace Touchstone.Cli;

/// <summary>What scripts may rely on; listed in docs/command-line.md.</summary>
internal static class ExitCodes
{
    internal const int Done = 0;

    /// <summary>The server refused, or the token is not active.</summary>
    internal const int Refused = 1;

    internal const int Usage = 2;

    /// <summary>The server could not be reached, or could not answer.</summary>
    internal const int Unreachable = 3;

    /// <summary>A fault of this program (EX_SOFTWARE): kept apart from <see cref="Refused"/>, which scripts read as an answer.</summary>
    internal const int Fault = 70;

    /// <summary>128 + SIGINT, as shells report it.</summary>
    internal const int Interrupted = 130;
}
