namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>How a server can't be asked.</summary>
public enum Outage
{
    None,

    /// <summary>Its process stands still.</summary>
    Frozen,

    /// <summary>Its process is killed, and started again.</summary>
    Killed,

    /// <summary>Connections to it are reset.</summary>
    Cut,

    /// <summary>Nothing passes on the way to it.</summary>
    Swallowed,

    /// <summary>It answers 500.</summary>
    Failing,

    /// <summary>It answers 429.</summary>
    Throttling,

    /// <summary>It answers 10 seconds later.</summary>
    Slow,

    /// <summary>It answers half of an answer.</summary>
    Garbled,
}
