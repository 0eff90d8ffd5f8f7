namespace Touchstone.Server.Tests.Telemetry;

/// <summary>The tables of docs/metrics.md.</summary>
internal sealed record MetricsDocument(IReadOnlyList<MetricsDocument.Instrument> Instruments, IReadOnlyDictionary<string, string[]> Labels, IReadOnlyList<(string Endpoint, string Outcome, string Reason)> Outcomes)
{
    internal sealed record Instrument(string Name, string Prometheus, string Type, string Unit, string[] Labels, string Meaning);

    internal static MetricsDocument Read()
    {
        var lines = File.ReadAllLines(SourceTree.PathOf("docs", "metrics.md"));
        var instruments = Table(lines, "| Instrument |").Select(cells => new Instrument(Code(cells[0])[0], Code(cells[1])[0], cells[2], Code(cells[3])[0], Code(cells[4]), cells[5]));
        var labels = Table(lines, "| Label |").ToDictionary(cells => Code(cells[0])[0], cells => Code(cells[1]));
        var outcomes = Table(lines, "| Endpoint |").SelectMany(cells => from endpoint in Code(cells[0]) from reason in Code(cells[2]) select (endpoint, Code(cells[1])[0], reason));
        return new MetricsDocument([.. instruments], labels, [.. outcomes]);
    }

    private static IEnumerable<string[]> Table(string[] lines, string head) =>
        lines.SkipWhile(line => !line.StartsWith(head, StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|')).Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray());

    // What stands between backticks.
    private static string[] Code(string cell) => [.. cell.Split('`').Where((_, i) => i % 2 == 1)];
}
