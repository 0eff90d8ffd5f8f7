namespace Touchstone.Server.Startup;

/// <summary>The server can't start, for a reason that its operator can mend; the message says how.</summary>
public sealed class StartupException(string message, bool isUsage = false) : Exception(message)
{
    /// <summary>Whether a setting is wrong (exit code 2) rather than the world around (exit code 1).</summary>
    public bool IsUsage { get; } = isUsage;
}
