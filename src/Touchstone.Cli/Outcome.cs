using System.Text.Json;

namespace Touchstone.Cli;

/// <summary>A value, or why there is none.</summary>
internal readonly record struct Outcome<T>(T Value, Failure? Failure)
{
    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Failure failure) => new(default!, failure);
}

/// <summary>An expected failure: how the process ends, a code for programs, and one line for people that says what to do.</summary>
internal sealed record Failure(int ExitCode, string Error, string Detail)
{
    /// <summary>HTTP status, when a server answered.</summary>
    internal int? Status { get; init; }

    /// <summary>The answer spoke OAuth (<c>error_description</c>), not problem details (<c>detail</c>).</summary>
    internal bool IsOAuth { get; init; }

    /// <summary>The single faults that problem details list, as the server wrote them.</summary>
    internal JsonElement? Errors { get; init; }

    internal static Failure Usage(string detail) => new(ExitCodes.Usage, "usage", detail);

    internal static Failure Unreachable(string detail) => new(ExitCodes.Unreachable, "unreachable", detail);
}
