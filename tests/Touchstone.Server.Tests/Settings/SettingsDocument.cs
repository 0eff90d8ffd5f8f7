using System.Text;
using System.Text.RegularExpressions;
using Touchstone.Server.Settings;

namespace Touchstone.Server.Tests.Settings;

/// <summary>docs/settings.md, made from the options classes: names, types, bounds and defaults from the compiled ones, what a setting is from the summary in the source.</summary>
internal static partial class SettingsDocument
{
    private const string Head = """
        # Settings

        Every setting of `touchstone serve`, made from the code by a test; [configuration.md](configuration.md) tells how to give them. In a file they stand in the section `Touchstone`, each `:` being one level.
        Durations are written `90s`, `15m`, `1h`, `7d` or as .NET does, `1.00:00:00`; bytes as a number or as `64KiB`, `256MiB`, `1GiB`; lists as in JSON, or as one text with commas. One section has names of your own and stands in no table: `AuthorizationDetails:Types` ([authorization-details.md](authorization-details.md)).

        """;

    private static readonly string[] Sources = [.. Directory.GetFiles(SourceTree.PathOf("src", "Touchstone.Server"), "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText)];

    internal static string Write()
    {
        var text = new StringBuilder(Head.ReplaceLineEndings("\n"));
        foreach (var group in ServerSettings.All.GroupBy(setting => setting.Property.DeclaringType!))
        {
            var name = group.First().Name;
            text.Append('\n').Append(name.Contains(':') ? $"## {name[..name.LastIndexOf(':')]}" : "## General").Append("\n\n");
            var summary = Under.Replace(Plain(SummaryOf(ClassOf(group.Key.Name), $"public sealed class {group.Key.Name}")), "");
            if (name.Contains(':')) text.Append(summary).Append("\n\n");
            text.Append("| Setting | Environment variable | Option | Type | Range | Default | What it is |\n|---|---|---|---|---|---|---|\n");
            foreach (var setting in group) Row(text, setting);
        }
        return text.ToString();
    }

    /// <summary>What the source says of a setting, without what other columns say.</summary>
    internal static string DescriptionOf(Setting setting)
    {
        var type = setting.Property.DeclaringType!.Name;
        var source = ClassOf(type);
        var summary = SummaryOf(source[source.IndexOf($"public sealed class {type}", StringComparison.Ordinal)..], $" {setting.Property.Name} {{ get; set; }}");
        return Plain(Default.Replace(summary, "").Replace("  ", " ", StringComparison.Ordinal).Trim());
    }

    private static void Row(StringBuilder text, Setting setting)
    {
        var value = SettingText.Of(setting.Get(new ServerOptions()));
        var standard = setting.DefaultText ?? (setting.Type == "bytes" ? SettingText.Size(long.Parse(value, null)) : value.Length == 0 ? "none" : $"`{value}`");
        string[] cells = [$"`{setting.Name}`", $"`{setting.EnvironmentVariable}`", setting.Flag is { } flag ? $"`{flag}`" : "", setting.Type, setting.Range, standard, DescriptionOf(setting)];
        text.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
    }

    private static string ClassOf(string name) => Sources.Single(source => source.Contains($"public sealed class {name}\n", StringComparison.Ordinal));

    // The summary above the line with this text, attributes in between.
    private static string SummaryOf(string source, string member)
    {
        var lines = source[..source.IndexOf(member, StringComparison.Ordinal)].Split('\n')[..^1].Reverse().SkipWhile(line => line.Trim().StartsWith('[')).TakeWhile(line => line.Trim().StartsWith("///", StringComparison.Ordinal)).Reverse();
        var summary = string.Join(' ', lines.Select(line => line.Trim()[3..].Trim()));
        return Summary.Match(summary) is { Success: true } match ? match.Groups[1].Value.Trim() : throw new InvalidOperationException($"{member} has no summary");
    }

    private static string Plain(string summary) => Tag.Replace(Reference.Replace(summary.Replace("<c>", "`", StringComparison.Ordinal).Replace("</c>", "`", StringComparison.Ordinal), "`$1`"), "");

    [GeneratedRegex("<summary>(.*?)</summary>")]
    private static partial Regex Summary { get; }

    // Only where the sentence says no more than the value.
    [GeneratedRegex("Default:? (<c>[^<]*</c>|[0-9,]+|[^:.,<]*|the first of <see[^.]*)(, [^:.]*)?\\.(?= |$)")]
    private static partial Regex Default { get; }

    [GeneratedRegex("<see cref=\"(?:\\w+\\.)*(\\w+)\"/>")]
    private static partial Regex Reference { get; }

    [GeneratedRegex(",? [Uu]nder `Touchstone:\\w+`(?=\\.)\\.?")]
    private static partial Regex Under { get; }

    [GeneratedRegex("</?[a-z]+>")]
    private static partial Regex Tag { get; }
}
