using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Feed;
using Touchstone.Server.Leases;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;
using Touchstone.Server.TokenIssue.Refresh;

namespace Touchstone.Server.Admin;

/// <summary><c>POST /admin/revocations</c>: ends tokens one by one, or all of a grant, session, subject, client or tenant, or all there are. One request is one commit.</summary>
internal sealed class RevocationsAdmin(TokenLookup tokens, ITokenStore store, ISubjectStore subjects, RevocationLog log, ClientDirectory clients, TokenFormat format, ReceiptsAdmin receipts, ServerOptions options, ILogger<RevocationsAdmin> logger, TimeProvider time)
{
    private const int MaxItems = 10_000;
    private const int MaxWait = 30;

    private static readonly string[] ByWeight = ["already_revoked", "unknown", "recorded", "revoked"];

    /// <summary>
    /// One object or an array: all are written, or none is. <c>?dry_run=true</c> writes nothing and says how many tokens each would end; <c>?wait=SECONDS</c> waits for those who follow, and gives a receipt.
    /// </summary>
    internal async Task RevokeAsync(AdminExchange exchange)
    {
        var begun = time.Read();
        if (!TryReadQuery(exchange, out var isDryRun, out var wait)) return;
        using var body = await exchange.ReadDocumentAsync();
        if (body is null) return;
        var isArray = body.RootElement.ValueKind is JsonValueKind.Array;
        JsonElement[] items = isArray ? [.. body.RootElement.EnumerateArray()] : [body.RootElement];
        if (items.Length is 0 or > MaxItems)
        {
            exchange.Refuse(400, $"Send one revocation, or an array of 1 to {MaxItems}.");
            return;
        }

        var ends = new List<Ending>(items.Length);
        for (var i = 0; i < items.Length; i++)
        {
            int? index = isArray ? i : null;
            if (exchange.Deserialize(items[i], AdminJson.Default.NewRevocation, index) is not { } asked) return;
            if (RevocationSelector.TryMake(asked, options.EffectiveIssuer, out var selector, out var error)) await AddAsync(ends, asked, selector, exchange.Aborted);
            else
            {
                exchange.Refuse(400, "Nothing was revoked.", error with { Index = index });
                return;
            }
        }

        var answers = OfItems(ends, isDryRun ? await CountAsync(ends, exchange.Aborted) : await AppendAsync(ends, exchange));
        if (wait is { } longest) exchange.Answer(StatusCodes.Status200OK, await WaitAsync(answers, begun, longest, exchange.Aborted), AdminJson.Default.WaitedRevocations);
        else if (isArray) exchange.Answer(StatusCodes.Status200OK, answers, AdminJson.Default.IReadOnlyListRevocationView);
        else exchange.Answer(StatusCodes.Status200OK, answers[0], AdminJson.Default.RevocationView);
    }

    /// <summary><c>GET /admin/cursor</c>: the state of the log now. Another authorization server takes it before it authenticates a user, and gives it as <c>born</c> with the tokens that follow.</summary>
    internal Task CursorAsync(AdminExchange exchange)
    {
        exchange.Answer(StatusCodes.Status200OK, new CursorView(log.Cursor), AdminJson.Default.CursorView);
        return Task.CompletedTask;
    }

    // A misspelt dry run must not be a real one: whatever is not understood here ends nothing.
    private static bool TryReadQuery(AdminExchange exchange, out bool isDryRun, out TimeSpan? wait)
    {
        var query = exchange.Http.Request.Query;
        isDryRun = query["dry_run"] is ["true"];
        wait = null;
        var known = 0;
        if (query.ContainsKey("dry_run"))
        {
            known++;
            if (query["dry_run"] is not (["true"] or ["false"])) return Refuse(new ProblemError("must be true or false", "dry_run"));
        }
        if (query.ContainsKey("wait"))
        {
            known++;
            if (isDryRun || query["wait"] is not [{ } text] || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > MaxWait)
                return Refuse(new ProblemError($"must be 0 to {MaxWait} seconds, and not beside a dry run", "wait"));
            wait = TimeSpan.FromSeconds(seconds);
        }
        return query.Count == known || Refuse();

        bool Refuse(params ProblemError[] errors)
        {
            exchange.Refuse(400, $"Nothing was revoked: the query parameters are dry_run, true or false, and wait, 0 to {MaxWait}, each once.", errors);
            return false;
        }
    }

    private async Task<WaitedRevocations> WaitAsync(RevocationView[] answers, ClockReading begun, TimeSpan wait, CancellationToken cancellationToken)
    {
        var newest = answers.Where(answer => answer.Seq is not null).MaxBy(answer => answer.Seq);
        return new WaitedRevocations(answers, newest is null ? null : await receipts.WaitAsync(newest.Seq!.Value, newest.Id, begun, wait, cancellationToken));
    }

    // A jti may name several tokens, each a row of its own; and of another issuer a JWT that nobody registered, for whoever judges it without asking.
    private async Task AddAsync(List<Ending> ends, NewRevocation asked, Selector? selector, CancellationToken cancellationToken)
    {
        // It was never issued and can't be registered: its hash says nothing worth keeping.
        if (asked.Token is { } token && format.Inspect(Encoding.UTF8.GetBytes(token)) is TokenShape.Malformed or TokenShape.Impossible)
        {
            ends.Add(new Ending(asked, null, default));
            return;
        }
        var before = ends.Count;
        // Of a JWT the bytes are known, and another signature over the same claims may be as good.
        if (asked.Jti is { } jti) await AddJwtAsync(ends, asked, asked.Iss ?? options.EffectiveIssuer, jti, null, cancellationToken);
        else if (asked.Token is { } value && RevocationSelector.IsJwt(value, out var issuer, out var name)) await AddJwtAsync(ends, asked, issuer, name, selector, cancellationToken);
        if (selector is { } named) await AddAsync(ends, asked, named, cancellationToken);
        else if (ends.Count == before) ends.Add(new Ending(asked, null, default));
    }

    private async Task AddAsync(List<Ending> ends, NewRevocation asked, Selector named, CancellationToken cancellationToken)
    {
        var found = named.Kind is SelectorKind.Token ? await tokens.FindAsync(named.Hash, cancellationToken) : default;
        // A refresh token ends with its family, and what was registered as made from it may name it alone. One without a family begins one; so may one that is being registered at this moment.
        Selector? beside = named.Kind is not SelectorKind.Token ? null
            : found.Record is not { } record ? (MayBeOurs(asked) ? Protocol.Revocation.Selector.Grant(RefreshFamily.Of(named.Hash)) : null)
            : RefreshFamily.Ends(record, options.EffectiveIssuer) is not [var itself, var family] ? null
            : record.Grant is null ? family : itself;
        if (beside is { } other) ends.Add(new Ending(asked, other, found) { IsBeside = true });
        ends.Add(new Ending(asked, named, found));
    }

    private bool MayBeOurs(NewRevocation asked) => asked.Token is not { } token || format.Inspect(Encoding.UTF8.GetBytes(token)) is TokenShape.Ours;

    // A token may be ended by a row that spares others of its family, or what names it as its ancestor and nothing else: all is done only when its own row stands there.
    private RevocationMatch? EndedBy(Ending end) => end.Reach is { EndsForEver: true } reach ? log.Index.Find(reach, time.GetUtcNow().ToUnixTimeSeconds()) : null;

    private async Task AddJwtAsync(List<Ending> ends, NewRevocation asked, string issuer, string jti, Selector? besides, CancellationToken cancellationToken)
    {
        var hashes = await store.FindByJtiAsync(issuer, jti, cancellationToken);
        if (issuer != options.EffectiveIssuer) ends.Add(new Ending(asked, Protocol.Revocation.Selector.Jwt(issuer, jti), default) { IsUnknown = hashes.Count == 0 });
        foreach (var hash in hashes)
        {
            var named = Protocol.Revocation.Selector.Token(hash);
            if (named != besides) await AddAsync(ends, asked, named, cancellationToken);
        }
    }

    private async Task<List<RevocationView>> AppendAsync(List<Ending> ends, AdminExchange exchange)
    {
        var (actor, cancellationToken) = (exchange.Actor, exchange.Aborted);
        var endedBy = ends.ConvertAll(EndedBy); // Once: rows come meanwhile.
        var writable = ends.Where((end, i) => end.Selector is not null && endedBy[i] is null).ToList();
        var outcomes = await log.RevokeAsync([.. writable.Select(end => new RevocationLog.Asked(end.Reach!.Value, log.ForgetAfter(end.Reach!.Value.Kind is SelectorKind.Token ? end.Found.Record : null), end.Asked.Reason, end.Asked.IssuedBefore))], actor);
        var newest = endedBy.Max(match => match?.Seq ?? 0);
        if (newest > 0) await log.EnforceAsync(newest); // Who ended it may still be waiting for the other nodes.
        var answers = new List<RevocationView>(ends.Count);
        var (next, unknown, items) = (0, 0, ends.Count(end => !end.IsBeside));
        foreach (var (end, match) in ends.Zip(endedBy))
        {
            if (end.Selector is null)
            {
                answers.Add(new RevocationView(end.Asked.Token is null ? "unknown" : "malformed", end.Name));
                continue;
            }
            var outcome = match is { } ended ? new RevocationOutcome(ended.Seq, IsNew: false) : outcomes[next++];
            var id = outcome.IsNew ? outcome.Id : (await store.FindRowAsync(outcome.Seq, cancellationToken))?.Id;
            var status = !outcome.IsNew || end.IsBeside || WasEnded(end) ? "already_revoked" : !await IsUnknownAsync(end, cancellationToken) ? "revoked" : IsOfAnother(end) ? "recorded" : "unknown";
            if (status is "unknown" or "recorded") unknown++;
            answers.Add(new RevocationView(status, end.Name, id, outcome.Seq, TokenSha256: end.Sha256, Warning: Warning(end.Asked)));
            if (end.IsBeside) continue;
            if (outcome.IsNew && items == 1) logger.Revoked(outcome.Seq, actor, end.Name, RequestIds.Of(exchange.Http));
            else if (outcome.IsNew) logger.RevokedOneOfMany(outcome.Seq, actor, end.Name);
        }
        // One line for one request, however long its list.
        var made = outcomes.Where(outcome => outcome.IsNew).Select(outcome => outcome.Seq).ToList();
        var beside = outcomes.Where((outcome, i) => outcome.IsNew && writable[i].IsBeside).Count();
        if (items > 1 && made.Count > 0) logger.RevokedMany(made.Min(), made.Max(), actor, made.Count - beside - unknown, items, unknown, RequestIds.Of(exchange.Http));
        return answers;
    }

    private async Task<List<RevocationView>> CountAsync(List<Ending> ends, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var answers = new List<RevocationView>(ends.Count);
        foreach (var end in ends)
        {
            if (end is { Selector: null, Asked.Token: not null })
            {
                answers.Add(new RevocationView("malformed", end.Name));
                continue;
            }
            var count = end is { IsBeside: false, Reach: { } selector } && !IsEnded(end) ? await store.CountAsync(selector, end.Asked.IssuedBefore, now, cancellationToken) : 0;
            answers.Add(new RevocationView("dry_run", end.Name, Tokens: count, TokenSha256: end.Sha256, Warning: Warning(end.Asked)));
        }
        return answers;
    }

    // One answer for each item, however many rows it made: the newest row, and the most that was done. A JWT counts the tokens that are named one by one beside it.
    private static RevocationView[] OfItems(List<Ending> ends, List<RevocationView> answers) => [.. ends.Zip(answers).GroupBy(static pair => pair.First.Asked, ReferenceEqualityComparer.Instance).Select(static item =>
    {
        var (last, tokens) = (item.Last().Second, item.Where(static pair => pair.First is { IsBeside: false, Selector.Kind: SelectorKind.Token }).ToList());
        var newest = item.Select(static pair => pair.Second).Reverse().MaxBy(static answer => answer.Seq ?? 0)!;
        var status = item.Select(static pair => pair.Second.Status).MaxBy(static status => Array.IndexOf(ByWeight, status))!;
        return newest with { Status = status, TokenSha256 = newest.TokenSha256 ?? last.TokenSha256, Tokens = last.Tokens is null || tokens.Count == 0 ? last.Tokens : tokens.Sum(static pair => pair.Second.Tokens) };
    })];

    // What is over already, whether or not a row would be written for it. What ended a refresh token may have left others of its family.
    private bool IsEnded(Ending end) => EndedBy(end) is not null || WasEnded(end);

    private static bool WasEnded(Ending end) => end.Found is { Match: not null, Record.Kind: not TokenKind.RefreshToken };

    // Told of what an index tells at once. For a grant, session or tenant without tokens the whole table would be read: there a dry run counts.
    private async ValueTask<bool> IsUnknownAsync(Ending end, CancellationToken cancellationToken) => end.Selector!.Value.Kind switch
    {
        SelectorKind.Token => end.Found.Record is null,
        SelectorKind.Jwt => end.IsUnknown,
        SelectorKind.Subject => !await subjects.HasTokensAsync(end.Selector.Value, cancellationToken),
        _ => false,
    };

    // JWTs of another issuer need not be known here to be ended: whoever judges them by the feed has them.
    private bool IsOfAnother(Ending end) => end.Selector is { Issuer: { } issuer } && issuer != options.EffectiveIssuer;

    // Tokens of another server may name a client or tenant that nobody registered here: worth a word, and no error.
    private string? Warning(NewRevocation asked) => asked switch
    {
        { ClientId: { } id } when clients.Find(id) is null => "no client of this name is registered here",
        { Tenant: { } tenant } when !clients.All.Any(client => client.Registration.Tenant == tenant) => "no client of this tenant is registered here",
        _ => null,
    };

    /// <summary>What one item asks for, what it names (null for an unknown jti and for what can't be a token), and what is known where it names one token.</summary>
    private sealed record Ending(NewRevocation Asked, Selector? Selector, FoundRecord Found)
    {
        /// <summary>What the row names: a refresh token's whole grant (RFC 7009 §2.1).</summary>
        internal Selector? Reach => !IsBeside && Found.Record is { Kind: TokenKind.RefreshToken, Grant: { } grant } ? Protocol.Revocation.Selector.Grant(grant) : Selector;

        /// <summary>Whether it goes with another one, which is the one that is told.</summary>
        internal bool IsBeside { get; init; }

        /// <summary>Whether no token of that name is registered; of a JWT alone.</summary>
        internal bool IsUnknown { get; init; }

        internal string Name => Selector is { } selector ? selector.Kind.ToString().ToLowerInvariant() : "token";

        internal string? Sha256 => Selector is { Kind: SelectorKind.Token } token ? token.Hash.ToString() : null;
    }
}
