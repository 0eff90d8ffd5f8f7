using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Tests.Storage.Sqlite;

namespace Touchstone.Server.Tests.Telemetry;

/// <summary>I-45: after everything was done once, no token and no secret stands in logs (at the finest level), metrics, traces or the database.</summary>
[Collection(nameof(Alone))]
public sealed class SecrecyTests
{
    [Fact]
    public async Task I45_L49_No_token_and_no_secret_is_left_anywhere()
    {
        var traces = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => traces.Enqueue($"{span.DisplayName} {string.Join(' ', span.TagObjects)} {string.Join(' ', span.Baggage)} {string.Join(' ', span.Events.Select(e => e.Name + string.Join(' ', e.Tags)))}"),
        };
        ActivitySource.AddActivityListener(listener);
        await using var acme = await Acme.StartAsync(options => options.Demo = true);

        var secrets = await EverythingAsync(acme);
        var metrics = (await acme.OAuth.GetAsync("/metrics")).Text;
        var spans = string.Join('\n', traces);
        var logs = acme.Server.Logs.Text;
        using var files = Database.Copy(acme.Server.Data);
        foreach (var file in (string[])["admin.json", "demo.json"]) File.Delete(files.File(file)); // The two places where secrets are kept on purpose.
        var data = Directory.EnumerateFiles(files.Path).SelectMany(File.ReadAllBytes).ToArray();

        logs.ShouldContain("introspect");
        spans.ShouldContain("introspect");
        data.Length.ShouldBeGreaterThan(10_000);
        secrets.Count.ShouldBeGreaterThanOrEqualTo(20);
        foreach (var secret in secrets)
        {
            foreach (var form in (string[])[secret, Uri.EscapeDataString(secret), Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)).TrimEnd('=')[..^2]])
            {
                logs.ShouldNotContain(form);
                spans.ShouldNotContain(form);
                metrics.ShouldNotContain(form);
                data.AsSpan().IndexOf(Encoding.UTF8.GetBytes(form)).ShouldBe(-1, form);
            }
            // Nor the hash by which an administrator finds a token.
            logs.ShouldNotContain(TokenHash.Of(secret).ToString());
            spans.ShouldNotContain(TokenHash.Of(secret).ToString());
            metrics.ShouldNotContain(TokenHash.Of(secret).ToString());
        }
    }

    private static async Task<HashSet<string>> EverythingAsync(Acme acme)
    {
        var demo = acme.Server.App.Demo!;
        var secrets = new HashSet<string>
        {
            acme.Server.AdminClient.Secret!, demo.Client.ClientSecret, demo.ResourceServer.ClientSecret, demo.AccessToken, await acme.Admin.TokenAsync(), await acme.OAuth.TokenOfAsync(acme.Shop),
        };
        foreach (var client in (TestClient[])[acme.Orders, acme.Billing, acme.Shop, acme.Warehouse, acme.Mute]) secrets.Add(client.Secret!);

        var active = Add(await acme.TokenAsync());
        var revoked = Add(await acme.TokenAsync());
        var refresh = Add(await acme.RefreshTokenAsync("g"));
        var foreign = Add(await acme.TokenAsync(new { client_id = "warehouse", aud = Acme.BillingApi }));
        var registered = Add(await acme.Admin.IssueAsync(new { token = "at.brought-along+/=~", iss = "https://other.acme.test", client_id = "x", aud = Acme.OrdersApi, expires_in = 60 }));
        var unknown = Add("unknown-token-that-nobody-issued");
        var mistyped = Add("tst_at_mistyped-token-with-our-prefix");
        var wrongSecret = Add("a-secret-that-is-wrong");
        var rotated = Add((await acme.Admin.ChangeAsync("mute", "rotate-secret")).GetProperty("client_secret").GetString()!);
        await acme.OAuth.GrantAsync(new TestClient("mute", rotated));

        foreach (var token in (string[])[active, revoked, refresh, foreign, registered, unknown, mistyped])
        {
            await acme.OAuth.IntrospectAsync(token, acme.Orders);
            await acme.OAuth.IntrospectAsync(token, acme.Shop, ("token_type_hint", token));
            await acme.OAuth.IntrospectAsync(token, new TestClient("web-shop", wrongSecret));
            await acme.OAuth.PostAsync(OAuthCalls.Introspect, null, ("token", token), ("client_id", token), ("client_secret", wrongSecret));
            await acme.OAuth.PostAsync(OAuthCalls.Token, null, ("grant_type", token), ("client_id", "web-shop"), ("client_secret", acme.Shop.Secret!), ("scope", token));
            await acme.OAuth.GetAsync($"/oauth/introspect?token={Uri.EscapeDataString(token)}");
            await acme.Admin.LookUpAsync(token);
            await acme.OAuth.RevokeAsync(token, acme.Warehouse);
        }
        await acme.OAuth.RevokeAsync(revoked, acme.Shop);
        await acme.OAuth.RevokeAsync(refresh, acme.Shop);
        await acme.Admin.RevokeAsync(foreign);
        await acme.Admin.RevokeAsync(unknown);
        await acme.Admin.PostAsync(AdminCalls.Tokens, $"{{\"token\":\"{registered}\",\"bad\":1}}");
        await acme.Admin.PostAsync(AdminCalls.LookUp, $"{{\"token\":\"{active}\",");
        await FaultsAsync(acme, active, unknown);
        return secrets;

        string Add(string secret)
        {
            secrets.Add(secret);
            return secret;
        }
    }

    private static async Task FaultsAsync(Acme acme, params string[] tokens)
    {
        var database = new Database(acme.Server.Data);
        database.Execute("ALTER TABLE tokens RENAME TO gone");
        foreach (var token in tokens)
        {
            await acme.OAuth.IntrospectAsync(token + "2", acme.Orders);
            await acme.OAuth.RevokeAsync(token + "2", acme.Shop);
            await acme.Admin.PostAsync(AdminCalls.LookUp, new { token });
        }
        database.Execute("ALTER TABLE gone RENAME TO tokens");
        database.RefuseInserts("revocations");
        foreach (var token in tokens) await acme.OAuth.RevokeAsync(token, acme.Shop);
        database.AcceptInserts("revocations");
    }
}
