using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone revoke</c>: one token, a list of them, or all that a person, an app, a session, a grant or a tenant has.</summary>
internal static class RevokeCommand
{
    // Longer than any lease of a follower and of a node after one another.
    private const int DefaultWait = 20, MaxWait = 30;

    private static readonly Argument<string?> Token = new("token") { Description = "The token, or its SHA-256 in 64 lower-case hex digits, or - to read it from standard input.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> File = new("--file") { Description = "A file with a token or SHA-256 on each line.", HelpName = "file" };
    private static readonly Option<string?> Jti = Named("--jti", "The tokens with this identifier (jti).");
    private static readonly Option<string?> Subject = Named("--subject", "Every token of this subject issued so far.");
    private static readonly Option<string?> Client = Named("--client", "Every token of this client issued so far.");
    private static readonly Option<string?> Session = Named("--session", "The session with this identifier, for ever.");
    private static readonly Option<string?> Grant = Named("--grant", "The grant (refresh family) with this identifier, for ever.");
    private static readonly Option<string?> Tenant = Named("--tenant", "Every token of this tenant issued so far.");
    private static readonly Option<bool> All = new("--all") { Description = "Every token issued so far, that of this very command included." };
    private static readonly Option<string?> Issuer = new("--iss") { Description = "The issuer that --jti, --subject or --session belongs to. Default: this server.", HelpName = "url" };
    private static readonly Option<string?> IssuedBefore = new("--issued-before") { Description = "Only tokens issued before this time, such as 2026-11-21T18:00:00Z, or seconds since 1970.", HelpName = "time" };
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why; kept with the revocation.", HelpName = "text" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Revoke nothing; say how many unexpired tokens it would end." };

    private static readonly Option<int?> Wait = new("--wait")
    {
        Description = "Wait until no node and no cache that follows can accept it any more, up to this many seconds (0 to 30, 20 when none are named), and print who has enforced it.",
        HelpName = "seconds",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = static result => ReadWait(result),
    };

    internal static Command Create()
    {
        var command = new Verb(
            "revoke",
            "Revoke tokens, now and everywhere. Exit code 1 when a token or subject is unknown (what is named is remembered all the same, but for a jti of this server), or can't be a token.",
            "touchstone revoke - < token.txt",
            "touchstone revoke --file leaked.txt --reason 'incident 5501'",
            "touchstone revoke --subject alice --dry-run",
            "touchstone revoke --session 7f3c --wait",
            "touchstone revoke --jti 5f0c7a9e --iss https://login.example.com",
            "touchstone revoke --client web-shop --issued-before 2026-11-21T18:00:00Z")
        {
            Token, File, Jti, Subject, Client, Session, Grant, Tenant, All, Issuer, IssuedBefore, Reason, DryRun, Wait,
        };
        command.Validators.Add(line =>
        {
            // What was meant as the token stands behind --wait: that is what there is to say.
            if (line.GetResult(Wait) is { Tokens: [{ Value: var seconds }] } && !TryReadWait(seconds, out _)) return;
            Option[] selectors = [File, Jti, Subject, Client, Session, Grant, Tenant, All];
            var given = selectors.Count(option => line.GetResult(option) is { Implicit: false }) + (line.GetValue(Token) is null ? 0 : 1);
            if (given != 1) line.AddError("name exactly one: a token (or - for standard input), --file, --jti, --subject, --client, --session, --grant, --tenant or --all.");
            if (line.GetResult(Wait) is { Implicit: false } && line.GetValue(DryRun)) line.AddError("--dry-run revokes nothing that could be waited for.");
        });
        return command.Does(RunAsync);
    }

    // What stands behind it may be a token, so it is not repeated.
    private static int? ReadWait(ArgumentResult result)
    {
        if (result.Tokens is not [{ Value: var text }]) return null;
        if (TryReadWait(text, out var seconds)) return seconds;
        result.AddError($"--wait takes 0 to {MaxWait} seconds, without a unit. Put it last when it has none, or write --wait={DefaultWait}.");
        return null;
    }

    private static bool TryReadWait(string text, out int seconds) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds <= MaxWait;

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        var read = await ReadAsync(call, stop);
        if (read.Failure is { } unread) return call.Output.Fail(unread);
        var path = call.Get(DryRun) ? "admin/revocations?dry_run=true" : "admin/revocations";
        TimeSpan? wait = call.Has(Wait) ? TimeSpan.FromSeconds(call.Get(Wait) ?? DefaultWait) : null;
        if (call.Has(File)) return await ListAsync(call, path, read.Value, wait, stop);
        return wait is { } longest ? Waited(call, await PostAsync(call, path, read.Value.Items[0], longest, stop)) : Single(call, await call.Admin.PostAsync(path, read.Value.Items[0], stop));
    }

    private static Task<Outcome<JsonElement>> PostAsync(Call call, string path, JsonNode body, TimeSpan wait, CancellationToken stop) =>
        call.Admin.PostAsync(string.Create(CultureInfo.InvariantCulture, $"{path}?wait={wait.TotalSeconds}"), body, stop, wait);

    private static int Waited(Call call, Outcome<JsonElement> answer)
    {
        var exitCode = call.Output.Answer(answer, waited =>
        {
            foreach (var revocation in waited.GetProperty("revocations").EnumerateArray()) call.Output.Members(revocation);
            if (waited.TryGetProperty("receipt", out var receipt)) ReceiptText.Print(call.Output, receipt);
        });
        return exitCode == ExitCodes.Done && answer.Value.GetProperty("revocations").EnumerateArray().Any(item => Describe.Text(item, "status") is "unknown" or "malformed") ? ExitCodes.Refused : exitCode;
    }

    private static int Single(Call call, Outcome<JsonElement> answer)
    {
        var exitCode = call.Output.Answer(answer, call.Output.Members);
        if (exitCode == ExitCodes.Done && Describe.Text(answer.Value, "status") == "recorded") call.Output.Note("Nothing of that issuer is known here by that name. The row is in force for whoever judges its JWTs by the feed: the name and --iss have to be right to the letter.");
        if (exitCode == ExitCodes.Done && Describe.Text(answer.Value, "status") == "unknown" && !answer.Value.TryGetProperty("seq", out _)) call.Output.Note("Nothing was written: this server knows no token with that jti. One of another issuer is named with --iss.");
        // Whoever mistyped a token or a name should not believe that it was one.
        return exitCode == ExitCodes.Done && Describe.Text(answer.Value, "status") is "unknown" or "malformed" ? ExitCodes.Refused : exitCode;
    }

    private static async Task<int> ListAsync(Call call, string path, RevocationList list, TimeSpan? wait, CancellationToken stop)
    {
        var summary = new RevocationSummary(call.Output, list.Malformed);
        JsonElement? receipt = null;
        for (var start = 0; start < list.Items.Count;)
        {
            var part = list.Part(start);
            // Who has enforced the last part has enforced those before it.
            var isWaited = wait is not null && start + part.Count == list.Items.Count;
            var body = new JsonArray([.. part]);
            var answer = isWaited ? await PostAsync(call, path, body, wait!.Value, stop) : await call.Admin.PostAsync(path, body, stop);
            if (answer.Failure is { } failure)
            {
                // What was done stays done, and who reads only the error must not take it for nothing.
                if (start > 0) summary.Print();
                return call.Output.Fail(start == 0 ? failure : failure with { Detail = $"{failure.Detail.TrimEnd('.')}. It stopped before line {list.Lines[start]}: the lines before are done. Run it again, it goes on there" });
            }
            var items = isWaited ? answer.Value.GetProperty("revocations") : answer.Value;
            foreach (var (i, item) in items.EnumerateArray().Index()) summary.Add(list.Lines[start + i], item);
            if (isWaited && answer.Value.TryGetProperty("receipt", out var told)) receipt = told;
            start += part.Count;
        }
        return summary.Print(receipt);
    }

    private static async Task<Outcome<RevocationList>> ReadAsync(Call call, CancellationToken stop)
    {
        long? before = null;
        if (call.Get(IssuedBefore) is { } text && (before = Time(text)) is null) return Failure.Usage("--issued-before takes a time such as 2026-11-21T18:00:00Z, or seconds since 1970.");

        RevocationList list;
        if (call.Get(File) is { } file)
        {
            try
            {
                list = RevocationList.Of(await System.IO.File.ReadAllLinesAsync(file, stop));
            }
            catch (Exception unreadable) when (unreadable is FileNotFoundException or DirectoryNotFoundException)
            {
                return Failure.Usage($"there is no file {file}");
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
            {
                return Failure.Usage($"{file} can't be read: {unreadable.Message}");
            }
            if (list.IsEmpty) return Failure.Usage($"{file} holds no token: write one on each line.");
        }
        else if (call.Find(Token) is { } token)
        {
            var value = token == "-" ? await StandardInput.ReadLineAsync("token", stop) : token;
            if (value.Failure is { } unread) return unread;
            list = RevocationList.Of(TokenArgument.ToJson(value.Value));
        }
        else
        {
            list = RevocationList.Of(Selector(call));
        }
        foreach (var item in list.Items)
        {
            if (before is not null) item["issued_before"] = before;
            if (call.Get(Reason) is { } reason) item["reason"] = reason;
        }
        return list;
    }

    private static JsonObject Selector(Call call)
    {
        var item = new JsonObject();
        foreach (var (option, member) in (ReadOnlySpan<(Option<string?>, string)>)[(Jti, "jti"), (Subject, "sub"), (Client, "client_id"), (Session, "session"), (Grant, "grant"), (Tenant, "tenant"), (Issuer, "iss")])
        {
            if (call.Get(option) is { } value) item[member] = value;
        }
        if (call.Get(All)) item["all"] = true;
        return item;
    }

    private static long? Time(string text)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return seconds;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUnixTimeSeconds() : null;
    }

    private static Option<string?> Named(string name, string description) => new(name) { Description = description, HelpName = "id" };
}
