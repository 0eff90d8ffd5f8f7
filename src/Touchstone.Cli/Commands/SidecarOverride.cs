using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone sidecar override</c>: another policy for one rule of a running sidecar, for a stated time.</summary>
internal static class SidecarOverrideCommand
{
    private static readonly Option<string> Admin = new("--admin") { Description = "The listener of the sidecar for operators, as an address or unix:/path.", HelpName = "address", DefaultValueFactory = static _ => "http://127.0.0.1:9081" };
    private static readonly Option<string?> Rule = new("--rule") { Description = "The name of the rule. Left out: what is in force is listed.", HelpName = "name" };
    private static readonly Option<string?> FailMode = new Option<string?>("--fail-mode") { Description = "What becomes of checks while the server can't be asked.", HelpName = "closed|stale_if_error|open" }.TakesOneOf("closed", "stale_if_error", "open");
    private static readonly Option<TimeSpan?> MaxTtl = Duration.Option("--max-ttl", "The longest that an answer is used; it only shortens.");
    private static readonly Option<TimeSpan?> For = Duration.Option("--for", "For how long, 24 hours at most.");
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why, for the log.", HelpName = "text" };
    private static readonly Option<bool> Clear = new("--clear") { Description = "End the one of the rule now." };

    private static readonly Option<string?> Certificate = new("--client-certificate") { Description = "A file with the certificate to show, as PEM, where the listener has admin_tls.", HelpName = "file" };
    private static readonly Option<string?> Key = new("--client-key") { Description = "The file with its key, as PEM.", HelpName = "file" };
    private static readonly Option<string?> Authorities = new("--ca-file") { Description = "A file with the authorities of the listener's own certificate, as PEM; those of the system by default.", HelpName = "file" };

    internal static Command Create()
    {
        var verb = new Verb(
            "override",
            "Set another policy for one rule of a running sidecar, for a stated time; list those in force, or end one. It is logged by the sidecar.",
            "touchstone sidecar override",
            "touchstone sidecar override --rule \"read orders\" --fail-mode stale_if_error --for 15m --reason \"database moves\"",
            "touchstone sidecar override --rule \"read orders\" --clear",
            "touchstone sidecar override --admin https://10.0.0.7:9081 --client-certificate operator.crt --client-key operator.key --ca-file ca.crt") { Admin, Certificate, Key, Authorities, Rule, FailMode, MaxTtl, For, Reason, Clear };
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken stop)
    {
        var output = Output.For(line);
        var ((method, path, content), wrong) = Request(line);
        if (wrong is not null) return output.Fail(wrong);
        var ((certificate, authorities), unfit) = Files(line);
        if (unfit is not null) return output.Fail(unfit);
        using var shown = certificate;
        var (api, nowhere) = SidecarAdminApi.At(line.GetValue(Admin)!, certificate, authorities);
        if (nowhere is not null) return output.Fail(nowhere);
        using (api) return output.Answer(await api.SendAsync(method, path, content, stop), answer => Tell(output, answer));
    }

    private static Outcome<(X509Certificate2? Certificate, X509Certificate2Collection? Authorities)> Files(ParseResult line)
    {
        var (certificate, key, authorities) = (line.GetValue(Certificate), line.GetValue(Key), line.GetValue(Authorities));
        if (certificate is null != key is null) return Failure.Usage("--client-certificate and --client-key go together");
        if ((certificate ?? authorities) is not null && !line.GetValue(Admin)!.StartsWith("https://", StringComparison.OrdinalIgnoreCase)) return Failure.Usage("certificates are for https: --admin https://ADDRESS:PORT");
        try
        {
            X509Certificate2Collection? trusted = null;
            if (authorities is not null)
            {
                (trusted = []).ImportFromPemFile(authorities);
                if (trusted.Count == 0) return Failure.Usage($"{authorities} holds no certificate in PEM");
            }
            return (certificate is null ? null : X509Certificate2.CreateFromPemFile(certificate, key), trusted);
        }
        catch (Exception unfit) when (unfit is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return Failure.Usage($"the certificate can't be used: {unfit.Message}");
        }
    }

    private static Outcome<(HttpMethod Method, string Path, HttpContent? Content)> Request(ParseResult line)
    {
        var (rule, mode, ttl, time, reason) = (line.GetValue(Rule), line.GetValue(FailMode), line.GetValue(MaxTtl), line.GetValue(For), line.GetValue(Reason));
        var sets = mode is not null || ttl is not null || time is not null || reason is not null;
        if (rule is null) return sets || line.GetValue(Clear) ? Failure.Usage("name the rule: --rule NAME") : Ask(HttpMethod.Get, "overrides");
        if (line.GetValue(Clear)) return sets ? Failure.Usage("--clear goes with --rule alone") : Ask(HttpMethod.Delete, "overrides?rule=" + Uri.EscapeDataString(rule));
        if (!sets) return Failure.Usage("nothing to set was given: --fail-mode or --max-ttl, and --for; or --clear to end it");
        if (time is null) return Failure.Usage("say for how long: --for 15m; or --clear to end it");
        if (time < TimeSpan.FromSeconds(1) || time > TimeSpan.FromHours(24)) return Failure.Usage("--for is from 1s to 24h");
        if (ttl > TimeSpan.FromDays(1)) return Failure.Usage("--max-ttl is 1d at most");
        if (mode is null && ttl is null) return Failure.Usage("give --fail-mode, --max-ttl or both");
        var body = new JsonObject { ["rule"] = rule, ["for_seconds"] = time.Value.TotalSeconds };
        if (mode is not null) body["fail_mode"] = mode;
        if (ttl is { } longest) body["max_ttl_seconds"] = longest.TotalSeconds;
        if (reason is not null) body["reason"] = reason;
        return Ask(HttpMethod.Post, "overrides", new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"));
    }

    private static Outcome<(HttpMethod Method, string Path, HttpContent? Content)> Ask(HttpMethod method, string path, HttpContent? content = null) => (method, path, content);

    private static void Tell(Output output, JsonElement answer)
    {
        if (!answer.TryGetProperty("overrides", out var all) || all.ValueKind is not JsonValueKind.Array || all.GetArrayLength() == 0) output.Line("No override is in force.");
        else output.Table(["rule", "fail mode", "max ttl", "until", "reason"], [.. all.EnumerateArray().Select(static one => (string[])[Text(one, "rule"), Text(one, "fail_mode"), Text(one, "max_ttl_seconds"), Text(one, "until"), Text(one, "reason")])]);
    }

    private static string Text(JsonElement one, string name) => one.ValueKind is JsonValueKind.Object && one.TryGetProperty(name, out var member) ? member.ValueKind is JsonValueKind.Number ? member.GetRawText() + " s" : member.ToString() : "";
}
