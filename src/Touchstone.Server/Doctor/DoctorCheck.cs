namespace Touchstone.Server.Doctor;

/// <summary>How a check ended.</summary>
public enum DoctorStatus
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Fit to run, and better mended soon.</summary>
    Warn,

    /// <summary>Not fit for production.</summary>
    Fail,

    /// <summary>Can't be told from here, or does not apply.</summary>
    Skipped,
}

/// <summary>What one check found.</summary>
/// <param name="Name">The check; docs/doctor.md has a section of this name.</param>
/// <param name="Status">How it ended.</param>
/// <param name="Finding">What is the case.</param>
/// <param name="Advice">What to do; null when there is nothing to do.</param>
public sealed record DoctorCheck(string Name, DoctorStatus Status, string Finding, string? Advice = null)
{
    /// <summary>Where to read on.</summary>
    public string Doc => $"docs/doctor.md#{Name}";

    internal static DoctorCheck Ok(string name, string finding) => new(name, DoctorStatus.Ok, finding);

    internal static DoctorCheck Warn(string name, string finding, string advice) => new(name, DoctorStatus.Warn, finding, advice);

    internal static DoctorCheck Fail(string name, string finding, string advice) => new(name, DoctorStatus.Fail, finding, advice);

    internal static DoctorCheck Skipped(string name, string finding, string? advice = null) => new(name, DoctorStatus.Skipped, finding, advice);
}
