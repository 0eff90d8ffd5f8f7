namespace Touchstone.AspNetCore;

/// <summary>Which decisions about requests are logged, in the category <c>Touchstone.AspNetCore.Decisions</c>.</summary>
public enum DecisionLogging
{
    /// <summary>None. The default.</summary>
    None,

    /// <summary>Those that refused a request.</summary>
    Denied,

    /// <summary>All: answers from memory never reach the server, so what it records does not show that they were used.</summary>
    All,
}
