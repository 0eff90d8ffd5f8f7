using Touchstone.Testing.InProcess;

namespace Touchstone.Testing.Processes;

/// <summary>How a server is started, where it differs from the usual.</summary>
public sealed record ServerSetup
{
    /// <summary>The usual.</summary>
    public static ServerSetup Usual { get; } = new();

    /// <summary>With demo data.</summary>
    public static ServerSetup Demo { get; } = new() { Arguments = ["--demo"] };

    /// <summary>Variables that turn the limits per client and per address off: for load, and for bad input.</summary>
    public static IReadOnlyDictionary<string, string?> NoLimits { get; } = new Dictionary<string, string?> { ["Touchstone__Limits__ClientRate"] = "0", ["Touchstone__Limits__AddressFailures"] = "0" };

    /// <summary>Arguments after <c>serve --data … --urls …</c>.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The whole command, in place of the built binary with its arguments.</summary>
    public IReadOnlyList<string>? Line { get; init; }

    /// <summary>The folder in which it stands; the temporary one by default.</summary>
    public string? Folder { get; init; }

    /// <summary>The data folder; one of its own by default.</summary>
    public string? Data { get; init; }

    /// <summary>The port; a free one by default.</summary>
    public int? Port { get; init; }

    /// <summary>Where it listens; <c>http://127.0.0.1:PORT</c> by default. Empty where the configuration file says it.</summary>
    public string? Urls { get; init; }

    /// <summary>Where it is asked; <c>http://127.0.0.1:PORT</c> by default.</summary>
    public Uri? Address { get; init; }

    /// <summary>Variables to set.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>The administrator's credentials, where another node of the same database has written them; by default those in the data folder.</summary>
    public TestClient? Administrator { get; init; }

    /// <summary>The SHA-256 of the one certificate that is trusted, in hexadecimal digits; for https.</summary>
    public string? CertificateSha256 { get; init; }
}
