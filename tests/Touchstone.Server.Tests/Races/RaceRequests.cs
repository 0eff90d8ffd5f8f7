using Touchstone.Server.Revocation;
using Touchstone.Server.Tests.Rfc8693;

namespace Touchstone.Server.Tests.Races;

/// <summary>What is asked for in a world, and what the ledger makes of the answers.</summary>
internal sealed partial class RaceWorld
{
    private const int MostRevocations = 3;

    private readonly List<(string Cursor, int Step)> _cursors = [];
    private readonly List<string> _disabled = [];
    private readonly string?[] _bearers = new string?[2];
    private int _revocations;

    private string User(int i) => $"u-{_name}-{i}";

    private string AnyUser() => User(_random.Next(2));

    private Task BeginAsync() => _random.Next(20) switch
    {
        0 => CursorAsync(),
        1 or 2 => IssueAsync(_random.Next(2) == 0),
        3 => ClientTokenAsync(Any([.. RaceServer.Owners, .. RaceServer.Exchangers])),
        < 9 => RefreshAsync(),
        < 13 => ExchangeAsync(),
        < 16 => IntrospectAsync(Any(_ledger.Tokens)),
        _ => _revocations++ < MostRevocations ? RevokeAsync() : RefreshAsync(),
    };

    private async Task CursorAsync()
    {
        var answer = await _server.SendAsync(RaceServer.Json("/admin/cursor", await BearerAsync(), null));
        _cursors.Add((answer.Json.GetProperty("cursor").GetString()!, ++_step));
    }

    private async Task IssueAsync(bool isRefreshed)
    {
        var (client, user, session) = (Any(RaceServer.Owners), AnyUser(), _random.Next(3) == 0 ? null : $"s-{_name}-{_random.Next(2)}");
        var grant = isRefreshed || _random.Next(2) == 0 ? $"g-{_name}-{_started}" : null;
        var cursor = _cursors.Count > 0 && _random.Next(2) == 0 ? Any(_cursors) : default;
        var racer = New($"issue for {user} at {client}", (racer, answer) =>
        {
            // One that was ended before it began is refused where it would be a JWT, for those who judge it by themselves would never hear of that.
            if (answer.Status == 400 && _ledger.MayBeEnded(Made(racer, "", client, user, RaceServer.TenantOf(client)) with { Grant = grant, Session = session, Born = cursor.Cursor is null ? racer.Began : cursor.Step }, racer.Ended)) return;
            if (!MayHave(racer, answer, 201, client, user)) return;
            var token = Made(racer, answer.Json.GetProperty("token").GetString()!, client, user, RaceServer.TenantOf(client)) with
            {
                Grant = grant, Session = session, Jti = answer.Json.GetProperty("jti").GetString(), Born = cursor.Cursor is null ? racer.Began : cursor.Step,
            };
            _ledger.Tokens.Add(token);
            if (isRefreshed) _ledger.Tokens.Add(token with { Name = token.Name + "r", Value = answer.Json.GetProperty("refresh_token").GetString()!, IsRefresh = true, Jti = null });
        });
        await StartAsync(racer, RaceServer.Json(AdminCalls.Tokens, await BearerAsync(), new { client_id = client, sub = user, scope = "read", aud = Acme.OrdersApi, session, grant, refresh = isRefreshed, born = cursor.Cursor }));
    }

    private Task ClientTokenAsync(string client) => StartAsync(
        New($"token of {client}", (racer, answer) =>
        {
            if (MayHave(racer, answer, 200, client, client)) _ledger.Tokens.Add(Made(racer, answer.Json.GetProperty("access_token").GetString()!, client, client, RaceServer.TenantOf(client)));
        }),
        _server.Form(OAuthCalls.Token, client, ("grant_type", "client_credentials")));

    private Task RefreshAsync()
    {
        // The newest most of all: so it is used several times at once, and its successor too.
        var tokens = _ledger.Tokens.Where(token => token.IsRefresh).ToArray();
        var used = tokens[_random.Next(3) > 0 ? ^1 : _random.Next(tokens.Length)];
        var racer = New(
            $"refresh of {used}",
            (racer, answer) =>
            {
                if (answer.Status == 400 && answer.Json.GetProperty("error").GetString() == "invalid_grant") _ledger.Refused(used, racer);
                else if (MayHave(racer, answer, 200, used.Client, used.Subject))
                {
                    _ledger.Won(used, racer);
                    var access = Made(racer, answer.Json.GetProperty("access_token").GetString()!, used.Client, used.Subject, used.Tenant) with { Grant = used.Grant, Session = used.Session, RefreshedFrom = (used, racer.Began) };
                    _ledger.Tokens.AddRange([access, access with { Name = access.Name + "r", Value = answer.Json.GetProperty("refresh_token").GetString()!, IsRefresh = true }]);
                }
            },
            (racer, write) =>
            {
                if (write == "append") _ledger.Rows.Add(new RaceRow("grant", used.Grant) { Wrote = _step });
            },
            isRefresh: true);
        _ledger.Uses(used, racer);
        return StartAsync(racer, _server.Form(OAuthCalls.Token, used.Client, ("grant_type", "refresh_token"), ("refresh_token", used.Value)));
    }

    private Task ExchangeAsync()
    {
        var client = Any(RaceServer.Exchangers);
        var subject = Any([.. _ledger.Tokens.Where(token => !token.IsRefresh)]);
        var actors = _ledger.Tokens.Where(token => token.Client == client && token.Parents.Count == 0 && !ReferenceEquals(token, subject)).ToArray();
        var actor = actors.Length > 0 && _random.Next(2) == 0 ? Any(actors) : null;
        RaceToken[] parents = actor is null ? [subject] : [subject, actor];
        var racer = New($"exchange of {string.Join(" and ", parents.AsEnumerable())} at {client}", (racer, answer) =>
        {
            if (answer.Status == 400 && parents.Any(parent => _ledger.MayBeEnded(parent, racer.Ended) || _ledger.IsEnded(parent, racer.Ended))) return;
            if (answer.Status == 400 && _ledger.MayBeDisabled("disable sub", actor?.Subject ?? "", racer.Ended)) return;
            if (!MayHave(racer, answer, 200, client, subject.Subject)) return;
            if (parents.FirstOrDefault(parent => _ledger.IsEnded(parent, racer.Began)) is { } ended) _ledger.Violate($"{ended} was ended before {racer.Began}, and exchanged");
            _ledger.Exchanged++;
            _ledger.Tokens.Add(Made(racer, answer.Json.GetProperty("access_token").GetString()!, client, subject.Subject, RaceServer.TenantOf(client) ?? subject.Tenant) with { Parents = parents });
        });
        (string, string)[] form = [("grant_type", Exchanges.Grant), ("subject_token", subject.Value), ("subject_token_type", Exchanges.AccessToken)];
        return StartAsync(racer, _server.Form(OAuthCalls.Token, client, actor is null ? form : [.. form, ("actor_token", actor.Value), ("actor_token_type", Exchanges.AccessToken)]));
    }

    private Task IntrospectAsync(RaceToken token) => StartAsync(
        New($"introspection of {token}", (racer, answer) =>
        {
            if (answer.Status == 200) _ledger.Introspected(token, racer.Began, racer.Ended, answer.Json.GetProperty("active").GetBoolean());
            else if (!token.IsRefresh || !_ledger.MayBeDisabled("disable client", token.Client, racer.Ended)) _ledger.Violate($"{racer.What} is answered {answer}");
        }),
        _server.Form(OAuthCalls.Introspect, token.IsRefresh ? token.Client : "rs", ("token", token.Value)));

    private async Task RevokeAsync()
    {
        long? before = _random.Next(5) < 2 ? _server.Time.Seconds - _random.Next(-1, 5) : null;
        var token = Any(_ledger.Tokens);
        var ofToken = token.IsRefresh ? new RaceRow("grant", token.Grant) : new RaceRow("token") { Token = token };
        string[] clients = [.. RaceServer.Owners, .. RaceServer.Exchangers];
        switch (_random.Next(13))
        {
            case 0 or 1:
                await RevokeAsync(ofToken, _server.Form(OAuthCalls.Revoke, token.Client, ("token", token.Value)), token.Client);
                break;
            case 2: await RevokeAsync(ofToken, new { token = token.Value }); break;
            case 3 when token.Jti is not null: await RevokeAsync(ofToken, new { jti = token.Jti }); break;
            case 4 when token.Grant is not null: await RevokeAsync(new RaceRow("grant", token.Grant), new { grant = token.Grant }); break;
            case 5:
                var session = $"s-{_name}-{_random.Next(2)}";
                await RevokeAsync(new RaceRow("session", session), new { session });
                break;
            case 6: await RevokeAsync(new RaceRow("client_id", token.Client) { IssuedBefore = before }, new { client_id = token.Client, issued_before = before }); break;
            case 7: await RevokeAsync(new RaceRow("tenant", RaceServer.Tenant) { IssuedBefore = before }, new { tenant = RaceServer.Tenant, issued_before = before }); break;
            case 8: await RevokeAsync(new RaceRow("all") { IssuedBefore = before }, new { all = true, issued_before = before }); break;
            case 9:
                var member = AnyUser();
                await RevokeAsync(new RaceRow("member", member), RaceServer.Json(GlobalRevocationEndpoint.Path, await BearerAsync(isOfTenant: true), new { sub_id = new { format = "iss_sub", iss = TestServer.DefaultIssuer, sub = member } }));
                break;
            case 10 when _disabled.Count == 0: // One after another waits for a lock, and at no gate.
                var client = Any(clients);
                _disabled.Add(client);
                await RevokeAsync(new RaceRow("disable client", client), RaceServer.Json($"{AdminCalls.Clients}/{client}/disable", await BearerAsync(), new { }));
                break;
            case 11: await RevokeAsync(new RaceRow("disable sub", token.Subject), RaceServer.Json("/admin/subjects/disable", await BearerAsync(), new { sub = token.Subject })); break;
            default: await RevokeAsync(new RaceRow("sub", token.Subject) { IssuedBefore = before }, new { sub = token.Subject, issued_before = before }); break;
        }
    }

    private async Task RevokeAsync(RaceRow row, object body) => await RevokeAsync(row, RaceServer.Json(AdminCalls.Revocations, await BearerAsync(), body));

    private Task RevokeAsync(RaceRow row, HttpRequestMessage request, string? client = null)
    {
        _ledger.Rows.Add(row);
        var racer = New(
            $"end of {row.Kind} {row.Id ?? row.Token?.Name}{(row.IssuedBefore is { } before ? $" before {before - _begun}" : "")}",
            (racer, answer) =>
            {
                if (answer.Status is 200 or 204 or 404) row.Answered = racer.Ended;
                else if (client is null || !_ledger.MayBeDisabled("disable client", client, racer.Ended)) _ledger.Violate($"{racer.What} is answered {answer}");
            },
            (_, _) =>
            {
                if (row.Wrote == 0) row.Wrote = _step;
                if (row.Kind is "all" or "tenant") Array.Clear(_bearers);
            });
        return StartAsync(racer, request);
    }

    // The clients are those of the next world too.
    private async Task EnableAsync()
    {
        foreach (var client in _disabled) (await _server.SendAsync(RaceServer.Json($"{AdminCalls.Clients}/{client}/enable", await BearerAsync(), new { }))).Status.ShouldBe(200);
        foreach (var sub in _ledger.Rows.Where(row => row.Kind == "disable sub")) (await _server.SendAsync(RaceServer.Json("/admin/subjects/enable", await BearerAsync(), new { sub = sub.Id }))).Status.ShouldBe(200);
    }

    private async Task<string> BearerAsync(bool isOfTenant = false) => _bearers[isOfTenant ? 1 : 0] ??= await _server.BearerAsync(isOfTenant);

    // Whether there is a token, and there may be one.
    private bool MayHave(Racer racer, Answer answer, int good, string client, string subject)
    {
        var isDisabled = _ledger.IsDisabled("disable client", client, racer.Began) || _ledger.IsDisabled("disable sub", subject, racer.Began);
        if (answer.Status == good && isDisabled) _ledger.Violate($"{racer.What} got a token, and it was disabled before");
        else if (answer.Status != good && !_ledger.MayBeDisabled("disable client", client, racer.Ended) && !_ledger.MayBeDisabled("disable sub", subject, racer.Ended)) _ledger.Violate($"{racer.What} is answered {answer}");
        return answer.Status == good;
    }

    private RaceToken Made(Racer racer, string value, string client, string subject, string? tenant) => new($"t{_ledger.Tokens.Count}", value, client, subject, tenant, racer.Began, racer.BeganAt, racer.EndedAt);
}
