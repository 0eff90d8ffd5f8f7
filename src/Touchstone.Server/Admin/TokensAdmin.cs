using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;
using Touchstone.Server.Leases;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.TokenIssue;

namespace Touchstone.Server.Admin;

/// <summary><c>/admin/tokens</c>: issue tokens for a subject, register those of another authorization server, look one up with the reason why it is inactive.</summary>
internal sealed class TokensAdmin(TokenRegistration registration, Ancestry ancestry, TokenIssuer issuer, TokenLookup tokens, ITokenStore store, ISubjectStore subjects, RevocationLog log, Freshness freshness, ClientDirectory clients, TokenFormat format, TimeProvider time)
{
    private const int MaxItems = 1000;

    /// <summary>One object or an array: all are written, or none is.</summary>
    internal async Task AddAsync(AdminExchange exchange)
    {
        var epoch = log.Epoch; // First: RevocationLog.Restart.
        var born = log.Seq; // Before anything is judged (design.md §3, 2).
        using var body = await exchange.ReadDocumentAsync();
        if (body is null) return;
        var isArray = body.RootElement.ValueKind is JsonValueKind.Array;
        JsonElement[] items = isArray ? [.. body.RootElement.EnumerateArray()] : [body.RootElement];
        if (items.Length is 0 or > MaxItems)
        {
            exchange.Refuse(400, $"Send one token, or an array of 1 to {MaxItems}.");
            return;
        }

        var made = new List<Made>(items.Length);
        for (var i = 0; i < items.Length; i++)
        {
            int? index = isArray ? i : null;
            if (exchange.Deserialize(items[i], AdminJson.Default.NewToken, index) is not { } asked) return;
            if (asked.Born is { } cursor && log.IsBehind(cursor)) await freshness.ReadAsync(); // Another node gave it.
            if (registration.TryMake(asked, born, out var record, out var token, out var errors))
            {
                var (whole, fault) = await ancestry.AddAsync(record, [.. made.Select(item => item.Record)], exchange.Aborted);
                if (fault is not null) errors.Add(new ProblemError(fault, "ancestors"));
                // After born was taken: a subject that is disabled from here on is met by its row.
                if (record.Subject is { } subject && await subjects.FindDisabledAsync(record.Issuer, subject, exchange.Aborted) is not null) errors.Add(new ProblemError("this subject is disabled", "sub"));
                // Of our own, some are JWTs: only now that the record says all.
                if (errors.Count == 0 && asked.Token is null && asked.TokenSha256 is null && clients.Find(record.ClientId) is { } client)
                {
                    var finished = await issuer.FinishAsync(client, epoch, token!, whole!);
                    if (finished.Tokens is not { } issued) errors.Add(new ProblemError(finished.Error!.Description));
                    // Who judges a JWT by its birth looks for newer rows only: none is made that an older one ends already.
                    else if (issued.Record.Hash != whole!.Hash && await log.JudgeAsync(issued.Record, exchange.Aborted) is { } row) errors.Add(new ProblemError($"this JWT would be ended from its birth on, by row {row.Seq} of the revocation log"));
                    else (token, whole) = (issued.AccessToken, issued.Record);
                }
                if (errors.Count == 0)
                {
                    made.Add(new Made(whole!, token, asked.Refresh ? registration.Beside(whole!) : null));
                    continue;
                }
            }
            exchange.Refuse(400, "No token was added.", [.. errors.Select(error => error with { Index = index })]);
            return;
        }

        TokenRecord[] records = [.. made.SelectMany(item => item.Records)];
        if (await log.KeepEndedAsync(records, exchange.Actor, exchange.Aborted) is not { } ended)
        {
            exchange.Refuse(400, "No token was added.", new ProblemError(TokenRegistration.CursorTooOld, "born"));
            return;
        }
        var taken = await store.AddTokensAsync(records, ended, epoch);
        if (taken >= 0)
        {
            exchange.Refuse(409, "No token was added: one of them is registered already.", new ProblemError("registered already", "token", isArray ? made.FindIndex(item => item.Records.Contains(records[taken])) : null));
            return;
        }
        IssuedToken[] answers = [.. made.Select(item => new IssuedToken(item.Token, item.Record.TokenType, item.Record.Hash.ToString(), item.Record.Jti, item.Record.ExpiresAt) { Grant = item.Record.Grant, RefreshToken = item.Refresh?.Token })];
        if (isArray) exchange.Answer(StatusCodes.Status201Created, answers, AdminJson.Default.IReadOnlyListIssuedToken);
        else exchange.Answer(StatusCodes.Status201Created, answers[0], AdminJson.Default.IssuedToken);
    }

    internal async Task LookUpAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.TokenReference) is not { } asked || !TokenRegistration.TryReadHash(exchange, asked, out var hash)) return;
        Client? viewer = null;
        if (asked.As is { } id && (viewer = clients.Find(id)) is null)
        {
            exchange.Refuse(404, $"There is no client {id}.", new ProblemError("unknown client", "as"));
            return;
        }

        var found = await tokens.FindAsync(hash, exchange.Aborted);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var reason = viewer is null ? IntrospectionRules.WhyInvalid(found.Record, found.Match, now) : IntrospectionRules.Decide(found.Record, viewer.Caller, found.Match, now).Reason;
        if (found.Record is null && asked.Token is { } token && format.Inspect(Encoding.UTF8.GetBytes(token)) is TokenShape.Malformed or TokenShape.Impossible) reason = InactiveReason.Malformed;
        var use = found.Record is { Kind: TokenKind.RefreshToken } ? await store.FindRefreshUseAsync(hash, exchange.Aborted) : null;
        if (use is not null && reason is InactiveReason.None) reason = InactiveReason.Used;
        var row = found.Match is { } match ? await store.FindRowAsync(match.Seq, exchange.Aborted) : null;

        var buffer = new ArrayBufferWriter<byte>(1024);
        TokenView.Write(buffer, found, reason, row, use, viewer);
        Responses.WriteJson(exchange.Http.Response, StatusCodes.Status200OK, buffer.WrittenSpan);
    }

    /// <summary>What one item asks for: a token, and a refresh token beside it where that is wanted.</summary>
    private sealed record Made(TokenRecord Record, string? Token, (TokenRecord Record, string Token)? Refresh)
    {
        internal IEnumerable<TokenRecord> Records => Refresh is { } refresh ? [Record, refresh.Record] : [Record];
    }
}
