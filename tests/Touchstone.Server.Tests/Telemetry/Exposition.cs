using System.Globalization;
using System.Text.RegularExpressions;

namespace Touchstone.Server.Tests.Telemetry;

/// <summary>Reads the Prometheus text format 0.0.4 strictly: what breaks its grammar fails here as it would in Prometheus.</summary>
internal sealed partial class Exposition
{
    [GeneratedRegex("^# HELP (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<text>(?:[^\\\\]|\\\\\\\\|\\\\n)*)$")]
    private static partial Regex Help { get; }

    [GeneratedRegex("^# TYPE (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<type>counter|gauge|histogram|summary|untyped)$")]
    private static partial Regex Type { get; }

    [GeneratedRegex("^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(?<labels>[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\\n]|\\\\[\\\\n\"])*\"(?:,[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\\n]|\\\\[\\\\n\"])*\")*)\\})? (?<value>\\S+)$")]
    private static partial Regex SampleLine { get; }

    [GeneratedRegex("(?<name>[a-zA-Z_][a-zA-Z0-9_]*)=\"(?<value>(?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Label { get; }

    internal sealed record Sample(string Name, string Family, IReadOnlyDictionary<string, string> Labels, double Value);

    internal Dictionary<string, string> Types { get; } = [];

    internal List<Sample> Samples { get; } = [];

    internal static Exposition Parse(string text)
    {
        text.ShouldEndWith("\n");
        text.ShouldNotContain("\r");
        var result = new Exposition();
        var family = "";
        foreach (var line in text.Split('\n')[..^1])
        {
            if (Help.Match(line) is { Success: true } help)
            {
                family = help.Groups["name"].Value;
                continue;
            }
            if (Type.Match(line) is { Success: true } type)
            {
                type.Groups["name"].Value.ShouldBe(family, "TYPE follows HELP of the same name");
                result.Types.TryAdd(family, type.Groups["type"].Value).ShouldBeTrue($"{family} stands there twice");
                continue;
            }
            var sample = SampleLine.Match(line);
            sample.Success.ShouldBeTrue(line);
            var labels = Label.Matches(sample.Groups["labels"].Value).ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value);
            var name = sample.Groups["name"].Value;
            (name == family || (result.Types[family] == "histogram" && name is var n && (n == family + "_bucket" || n == family + "_sum" || n == family + "_count"))).ShouldBeTrue(line);
            result.Samples.Add(new Sample(name, family, labels, Number(sample.Groups["value"].Value)));
        }
        result.Samples.Select(s => s.Name + string.Join(',', s.Labels.OrderBy(l => l.Key).Select(l => l.ToString()))).ShouldBeUnique();
        result.CheckHistograms();
        return result;
    }

    /// <summary>The sum of the series with these labels.</summary>
    internal double Value(string name, params (string Label, string Value)[] labels) =>
        Samples.Where(sample => sample.Name == name && labels.All(label => sample.Labels.GetValueOrDefault(label.Label) == label.Value)).Sum(sample => sample.Value);

    private static double Number(string text) => text == "+Inf" ? double.PositiveInfinity : double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    private void CheckHistograms()
    {
        foreach (var series in Samples.Where(s => s.Name == s.Family + "_bucket").GroupBy(s => s.Family + string.Join(',', s.Labels.Where(l => l.Key != "le").OrderBy(l => l.Key))))
        {
            series.Select(s => Number(s.Labels["le"])).ShouldBeInOrder(SortDirection.Ascending);
            series.Select(s => s.Value).ShouldBeInOrder(SortDirection.Ascending);
            series.Last().Labels["le"].ShouldBe("+Inf");
            var first = series.First();
            Value(first.Family + "_count", [.. first.Labels.Where(l => l.Key != "le").Select(l => (l.Key, l.Value))]).ShouldBe(series.Last().Value);
        }
    }
}
