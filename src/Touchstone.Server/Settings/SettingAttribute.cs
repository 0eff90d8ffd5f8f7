namespace Touchstone.Server.Settings;

/// <summary>
/// What a setting's type and documentation don't say. A property of an options class is a setting without it; the bounds that stand here are checked at start and printed in docs/settings.md.
/// Bounds are written as people say them: <c>1 KiB</c>, <c>90 days</c>, <c>1000</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute : Attribute
{
    /// <summary>The option of <c>touchstone serve</c> that sets it.</summary>
    public string? Flag { get; init; }

    /// <summary>The least value.</summary>
    public string? Min { get; init; }

    /// <summary>The largest value.</summary>
    public string? Max { get; init; }

    /// <summary>What 0 means where 0 is allowed beside the bounds.</summary>
    public string? Zero { get; init; }

    /// <summary>What may be given, where no bounds say it.</summary>
    public string? Range { get; init; }

    /// <summary>What holds where nothing is given, in words.</summary>
    public string? Default { get; init; }

    /// <summary>Whether it is never shown.</summary>
    public bool IsSecret { get; init; }
}
