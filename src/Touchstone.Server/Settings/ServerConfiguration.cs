using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.Memory;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Settings;

/// <summary>The settings as they were given: each later source wins over the earlier ones: defaults, the file, the environment, the options of the line.</summary>
public sealed class ServerConfiguration
{
    private const string Prefix = ServerOptions.Section + ":";

    // Sections of the framework that a file may have beside ours.
    private static readonly string[] Sections = [ServerOptions.Section, "Kestrel", "Logging"];

    private readonly string? _file;
    private readonly List<string> _unreadable = [];

    private ServerConfiguration(string? file, IConfigurationRoot root)
    {
        _file = file;
        Root = root;
    }

    /// <summary>All sources together.</summary>
    internal IConfigurationRoot Root { get; }

    /// <summary>Ours, read.</summary>
    public ServerOptions Options { get; } = new();

    /// <summary>Everything that is wrong, each with what to do; none when a server can start with it.</summary>
    public IReadOnlyList<string> Errors => [.. _unreadable, .. ServerOptionsRules.Errors(Options, Root), .. FrameworkRules.Errors(Options, Root)];

    /// <summary>Every setting of ours, and what is given of the framework's.</summary>
    public IReadOnlyList<SettingValue> Values =>
    [
        .. ServerSettings.All.Select(setting => new SettingValue(Prefix + setting.Name, Shown(setting), SourceOf(setting))),
        .. Root.AsEnumerable().Where(pair => pair.Value is not null && (IsFrameworks(pair.Key) || pair.Key.StartsWith($"{Prefix}{DetailTypeSettings.Section}:", StringComparison.OrdinalIgnoreCase))).OrderBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase)
            .Select(pair => new SettingValue(pair.Key, SettingValue.IsSecret(pair.Key) ? SettingValue.Mask : pair.Value, SourceOf(pair.Key) ?? "default")),
    ];

    /// <summary>Reads a file (may be null), the environment and options of the line, by their names: <c>--urls</c>.</summary>
    /// <exception cref="StartupException">The file is not there or is no JSON. Everything else that is wrong is among <see cref="Errors"/>.</exception>
    public static ServerConfiguration Read(string? file, IReadOnlyList<KeyValuePair<string, string>>? flags = null)
    {
        var builder = new ConfigurationBuilder();
        if (file is not null) AddFile(builder, file);
        builder.AddEnvironmentVariables();
        builder.AddInMemoryCollection((flags ?? []).Select(flag => KeyValuePair.Create<string, string?>(Prefix + ServerSettings.All.Single(setting => setting.Flag == flag.Key).Name, flag.Value)));
        try
        {
            var configuration = new ServerConfiguration(file, builder.Build());
            configuration.ReadSettings();
            configuration.FindUnknown();
            return configuration;
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{file} can't be read: {error.InnerException?.Message ?? error.Message}", isUsage: true);
        }
    }

    private static void AddFile(ConfigurationBuilder builder, string file)
    {
        if (!File.Exists(file)) throw new StartupException($"There is no configuration file {file}.", isUsage: true);
        builder.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
    }

    private void ReadSettings()
    {
        foreach (var setting in ServerSettings.All)
        {
            var section = Root.GetSection(Prefix + setting.Name);
            var text = section.Value;
            // A list stands in numbered parts, as .NET has them, or in one text with commas.
            if (setting.IsList && section.GetChildren().Select(part => part.Value).OfType<string>().ToArray() is { Length: > 0 } parts) text = string.Join(',', parts);
            if (text is not null && setting.TrySet(Options, text) is { } error) _unreadable.Add($"{error} It stands in {SourceOf(setting)}.");
        }
        _unreadable.AddRange(DetailTypeSettings.Read(Root.GetSection(Prefix + DetailTypeSettings.Section), Options.AuthorizationDetails));
    }

    private void FindUnknown()
    {
        var known = ServerSettings.All.ToDictionary(setting => setting.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in Root.GetSection(ServerOptions.Section).AsEnumerable(makePathsRelative: true))
        {
            if (value is null || key.Length == 0 || known.ContainsKey(key) || key.StartsWith(DetailTypeSettings.Section + ":", StringComparison.OrdinalIgnoreCase)) continue;
            if (key.LastIndexOf(':') is var colon and > 0 && known.TryGetValue(key[..colon], out var list) && list.IsList && int.TryParse(key[(colon + 1)..], out _)) continue;
            Unknown($"{key}: there is no such setting", key, known.Keys, SourceOf(Prefix + key));
        }
        foreach (var name in Root.Providers.OfType<JsonConfigurationProvider>().SelectMany(provider => provider.GetChildKeys([], null)).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (name.StartsWith('$') || Sections.Contains(name, StringComparer.OrdinalIgnoreCase)) continue;
            Unknown($"{name}: there is no such section", name, [.. Sections, .. known.Keys.Select(key => Prefix + key)], _file);
        }
    }

    private void Unknown(string error, string name, IEnumerable<string> known, string? source)
    {
        var meant = NearestName.Of(name, known);
        _unreadable.Add($"{error} (in {source}).{(meant is null ? " docs/settings.md lists them all." : $" Did you mean {meant}?")}");
    }

    private string? Shown(Setting setting)
    {
        var text = SettingText.Of(setting.Get(Options));
        if (text.Length == 0) return setting.Name == nameof(ServerOptions.Issuer) ? Options.EffectiveIssuer : null;
        return setting.IsSecret ? SettingValue.Mask : text;
    }

    private string SourceOf(Setting setting) => SourceOf(Prefix + setting.Name) ?? SourceOf($"{Prefix}{setting.Name}:0") ?? "default";

    private string? SourceOf(string key)
    {
        foreach (var provider in Root.Providers.Reverse())
        {
            if (!provider.TryGet(key, out var value) || value is null) continue;
            return provider switch
            {
                JsonConfigurationProvider => _file,
                EnvironmentVariablesConfigurationProvider => $"environment {key.Replace(":", "__", StringComparison.Ordinal)}",
                MemoryConfigurationProvider => $"option {ServerSettings.All.FirstOrDefault(setting => key == Prefix + setting.Name)?.Flag}",
                _ => "default",
            };
        }
        return null;
    }

    private static bool IsFrameworks(string key) => key.StartsWith("Kestrel:", StringComparison.OrdinalIgnoreCase) || key.StartsWith("Logging:", StringComparison.OrdinalIgnoreCase) || key.StartsWith("OTEL_", StringComparison.OrdinalIgnoreCase);
}
