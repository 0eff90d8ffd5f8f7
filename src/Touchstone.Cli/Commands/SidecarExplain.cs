using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Touchstone.Sidecar.Opa;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone sidecar explain</c>: which rule a request meets, and what becomes of it.</summary>
internal static class SidecarExplainCommand
{
    private const long MostClaims = 1 << 20;

    internal static Command Create()
    {
        var config = SidecarCommand.NewConfigOption();
        var method = new Argument<string>("method") { Description = "The method of the request." };
        var url = new Argument<string>("url") { Description = "Its URL, as the client sends it." };
        var claims = new Option<string?>("--claims") { Description = "A file with what introspection says of the token, as JSON; - is the standard input. Left out: what a token would need.", HelpName = "file" };
        var verb = new Verb(
            "explain",
            "Tell which rule a request meets, and what becomes of it. Nothing is asked and nothing is sent. Exit code 1 when it is refused.",
            "touchstone sidecar explain --config sidecar.yaml GET https://orders.example.com/orders/17",
            "touchstone introspect - --json | touchstone sidecar explain --claims - GET https://orders.example.com/orders/17") { config, method, url, claims };
        verb.SetAction(line =>
        {
            var output = Output.For(line);
            if (SidecarCommand.Read(output, line.GetValue(config)!, looksAround: false) is not { } read) return ExitCodes.Usage;
            if (Split(line.GetValue(url)!) is not var (authority, target)) return output.Fail(Failure.Usage("The URL must be absolute, such as https://orders.example.com/orders/17."));
            var known = ReadClaims(line.GetValue(claims));
            if (known.Failure is { } failure) return output.Fail(failure);
            var explained = Explanation.Of(read.Rules, line.GetValue(method)!, authority, target, known.Value, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
            if (output.IsJson) output.Line(AsJson(explained, read.Opa).ToJsonString());
            else Tell(output, explained, read.Opa);
            return explained.IsAllowed is false ? ExitCodes.Refused : ExitCodes.Done;
        });
        return verb;
    }

    // By hand: a parser of URLs would mend the path before it is judged.
    private static (string Authority, string Target)? Split(string url)
    {
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0) return null;
        var rest = url[(scheme + 3)..];
        var slash = rest.IndexOf('/');
        return slash < 0 ? (rest, "/") : (rest[..slash], rest[slash..]);
    }

    private static Outcome<JsonElement?> ReadClaims(string? file)
    {
        if (file is null) return default(JsonElement?);
        try
        {
            if (file != "-" && new FileInfo(file) is { Exists: true, Length: > MostClaims }) return Failure.Usage($"{file} is larger than {MostClaims} bytes.");
            var claims = JsonElement.Parse(file == "-" ? Console.In.ReadToEnd() : File.ReadAllText(file));
            return Explanation.FaultOf(claims) is { } fault ? Failure.Usage($"{NameOf(file)} {fault}.") : claims;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return Failure.Usage($"{file} can't be read: {failed.Message}");
        }
        catch (JsonException failed)
        {
            return Failure.Usage(string.Create(CultureInfo.InvariantCulture, $"{NameOf(file)} is no JSON: something is wrong in line {(failed.LineNumber ?? 0) + 1}, at byte {(failed.BytePositionInLine ?? 0) + 1}."));
        }
    }

    private static string NameOf(string file) => file == "-" ? "The standard input" : file;

    private static string? PolicyOf(Explanation explained, OpaConfig? agent) => explained.Rule?.OpaPath is { } path ? agent?.UrlOf(path).ToString() ?? path : null;

    private static void Tell(Output output, Explanation explained, OpaConfig? agent)
    {
        output.Line($"{explained.IsAllowed switch { true => "Passes", false => "Refused", _ => explained.IsUpToPolicy ? "Asks the policy" : "Needs a token" }}: {explained.Reason}.");
        if (explained.Code is { } code) output.Line(string.Create(CultureInfo.InvariantCulture, $"Answer    {explained.Status}, {code}"));
        if (explained.Path is { } path) output.Line($"Path      {path}");
        if (explained.Rule is { } rule) output.Line(string.Create(CultureInfo.InvariantCulture, $"Rule      {rule.Name}, line {rule.Line}"));
        foreach (var requirement in explained.Requirements) output.Line($"{(explained is { IsAllowed: null, IsUpToPolicy: false } ? "needs" : requirement.IsMet ? "met" : "NOT MET"),-8}  {requirement.Text}");
        foreach (var miss in explained.NearMisses) output.Line($"Nearly    {miss}");
        if (PolicyOf(explained, agent) is { } policy) output.Line($"Policy    {policy}");
        foreach (var (name, value) in explained.Headers) output.Line($"Header    {name}: {value}");
    }

    private static JsonObject AsJson(Explanation explained, OpaConfig? agent) => new()
    {
        ["allowed"] = explained.IsAllowed,
        ["code"] = explained.Code,
        ["status"] = explained.Status,
        ["reason"] = explained.Reason,
        ["path"] = explained.Path?.ToString(),
        ["rule"] = explained.Rule is { } rule ? new JsonObject { ["name"] = rule.Name, ["line"] = rule.Line } : null,
        ["requirements"] = new JsonArray([.. explained.Requirements.Select(requirement => (JsonNode?)new JsonObject { ["text"] = requirement.Text, ["met"] = explained is { IsAllowed: null, IsUpToPolicy: false } ? null : requirement.IsMet })]),
        ["near_misses"] = new JsonArray([.. explained.NearMisses.Select(static miss => (JsonNode?)miss)]),
        ["policy"] = PolicyOf(explained, agent),
        ["headers"] = new JsonObject(explained.Headers.Select(static header => KeyValuePair.Create(header.Key, (JsonNode?)header.Value))),
    };
}
