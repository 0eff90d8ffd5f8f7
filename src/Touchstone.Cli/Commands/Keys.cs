using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone keys …</c>: the keys that sign JWTs.</summary>
internal static class KeysCommand
{
    private static readonly Argument<string> Kid = new("kid") { Description = "The key, by its kid." };
    private static readonly Option<string> Alg = new("--alg") { Description = "Which kind of key.", HelpName = "ES256|RS256", DefaultValueFactory = static _ => "ES256" };
    private static readonly Option<bool> Now = new("--now") { Description = "Sign with the new key at once, before caches of jwks.json know it." };

    static KeysCommand()
    {
        Alg.TakesOneOf("ES256", "RS256");
        Kid.Validators.Add(static result =>
        {
            // A path of dots would be resolved away, and name another resource.
            if (result.GetValueOrDefault<string>() is null or "" or "." or "..") result.AddError("The kid must not be empty, '.' or '..'.");
        });
    }

    internal static Command Create() => new Verb("keys", "Look after the keys that sign JWTs.", "touchstone keys list")
    {
        new Verb("list", "List the signing keys: which signs, which comes next, and until when the others are published.", "touchstone keys list", "touchstone keys list --json").Does(ListAsync),
        new Verb("rotate", "Make the key that signs next. It is published first, so that caches know it when it begins.", "touchstone keys rotate", "touchstone keys rotate --alg RS256 --now") { Alg, Now }
            .Does(async (call, stop) => call.Output.Answer(
                await call.Admin.PostAsync("admin/keys/rotate", new JsonObject { ["alg"] = call.Get(Alg), ["now"] = call.Get(Now) }, stop), call.Output.Members)),
        new Verb("retire", "Take a key that leaked out of use at once; what it signed is refused by whoever checks signatures.", "touchstone keys retire sKmP4dtPAZZGKLBMtbsM6VC2zNkaFZKVXzzGQKiSRLY") { Kid }
            .Does(RetireAsync),
    };

    private static async Task<int> RetireAsync(Call call, CancellationToken stop)
    {
        var exitCode = call.Output.Answer(await call.Admin.PostAsync($"admin/keys/{Uri.EscapeDataString(call.Get(Kid))}/retire", new JsonObject(), stop), call.Output.Members);
        if (exitCode == ExitCodes.Done) call.Output.Note("Other nodes know within some seconds, caches of jwks.json within minutes. Tokens that it signed are still active here: 'touchstone revoke' ends them.");
        return exitCode;
    }

    private static async Task<int> ListAsync(Call call, CancellationToken stop) => call.Output.Answer(await call.Admin.GetAsync("admin/keys", stop), keys =>
    {
        if (keys.TryGetProperty("items", out var items) && items.ValueKind is JsonValueKind.Array)
            call.Output.Table(["kid", "alg", "state", "published", "signs from", "signs until", "published until", "retired"], [.. items.EnumerateArray().Select(Row)]);
    });

    private static string[] Row(JsonElement key) =>
    [
        Describe.Text(key, "kid"),
        Describe.Text(key, "alg"),
        Describe.Text(key, "state") + (Describe.Is(key, "locked") ? ",locked" : ""),
        Describe.Is(key, "published") ? "yes" : "no",
        Time(key, "signs_from"),
        Time(key, "signs_until"),
        Time(key, "published_until"),
        Time(key, "retired_at"),
    ];

    private static string Time(JsonElement key, string member) =>
        key.TryGetProperty(member, out var at) && at.TryGetInt64(out var seconds) ? Describe.Time(seconds, TimeProvider.System.GetUtcNow()) : "";
}
