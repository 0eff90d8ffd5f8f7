using YamlDotNet.Core;

namespace Touchstone.Sidecar.Configuration;

/// <summary>One thing that is wrong with a file.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Path">Where it stands: <c>rules[2].paths[0]</c>; empty for the file itself.</param>
/// <param name="Message">What is wrong, and what to do.</param>
internal sealed record ConfigFault(int Line, int Column, string Path, string Message)
{
    public override string ToString() => Path.Length == 0 ? Message : $"{Path}: {Message}";
}

/// <summary>All that is wrong with a file, in its order. Up to a number: who wrote something else altogether need not read more.</summary>
internal sealed class ConfigFaults
{
    internal const int Most = 100;

    private readonly List<ConfigFault> _all = [], _warnings = [];

    internal IReadOnlyList<ConfigFault> All => [.. _all.OrderBy(static fault => (fault.Line, fault.Column))];

    internal bool Any => _all.Count > 0;

    /// <summary>What is valid, and perhaps not meant, in its order.</summary>
    internal IReadOnlyList<ConfigFault> Warnings => [.. _warnings.OrderBy(static warning => (warning.Line, warning.Column))];

    internal void Warn(Mark at, string path, string message)
    {
        if (_warnings.Count < Most) _warnings.Add(new ConfigFault((int)at.Line, (int)at.Column, path, message));
    }

    internal void Add(Mark at, string path, string message)
    {
        if (_all.Count < Most) _all.Add(new ConfigFault((int)at.Line, (int)at.Column, path, message));
    }
}
