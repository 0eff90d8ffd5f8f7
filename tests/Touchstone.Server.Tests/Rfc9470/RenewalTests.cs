using System.Text.Json;
using Touchstone.Server.Tests.Rfc9068;
using Touchstone.Server.Tests.Rfc9700;

namespace Touchstone.Server.Tests.Rfc9470;

/// <summary>How and when a user logged in is told, and a token that is newer does not make the login newer.</summary>
public sealed class RenewalTests
{
    [Theory]
    [InlineData("opaque")]
    [InlineData("jwt")]
    public async Task S04_H04_How_and_when_a_user_logged_in_stays_as_it_was_over_all_refreshes(string format)
    {
        await using var acme = await RefreshAcme.StartAsync();
        await acme.Admin.ChangeAsync("app", "grants", new { grant_types = new[] { "refresh_token" }, access_token_format = format });
        var loggedIn = acme.Time.Seconds - 100;
        var (access, refresh, _) = await acme.IssueAsync(acme.App, new { claims = new { acr = "aal2", auth_time = loggedIn, amr = new[] { "pwd", "otp" } } });
        await ShouldTellAsync(access);
        for (var i = 0; i < 3; i++)
        {
            acme.Time.Advance(TimeSpan.FromMinutes(30));
            // What a client says of it counts for nothing.
            (access, refresh) = await acme.RefreshAsync(refresh, acme.App, ("acr", "aal3"), ("acr_values", "aal3"), ("auth_time", "1"), ("max_age", "0"), ("claims", """{"acr":"aal3"}"""));
            (await ShouldTellAsync(access)).GetProperty("iat").GetInt64().ShouldBe(acme.Time.Seconds);
        }

        async Task<JsonElement> ShouldTellAsync(string token)
        {
            var answer = (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
            ShouldSay(answer);
            Jwts.IsJwt(token).ShouldBe(format == "jwt");
            if (format == "jwt") ShouldSay(Jwts.Read(token).Claims);
            return answer;
        }

        void ShouldSay(JsonElement claims)
        {
            (claims.GetProperty("acr").GetRawText(), claims.GetProperty("auth_time").GetRawText(), claims.GetProperty("amr").GetRawText()).ShouldBe(("\"aal2\"", $"{loggedIn}", """["pwd","otp"]"""));
        }
    }

    [Fact]
    public async Task S04_Nothing_that_was_not_there_is_there_after_a_refresh()
    {
        await using var acme = await RefreshAcme.StartAsync();
        var (_, refresh, _) = await acme.IssueAsync(acme.App);
        var (access, _) = await acme.RefreshAsync(refresh, acme.App, ("acr", "aal3"), ("auth_time", "1"));
        var answer = (await acme.OAuth.IntrospectAsync(access, acme.Orders)).ShouldBeActive();
        foreach (var name in (string[])["acr", "auth_time", "amr"]) answer.TryGetProperty(name, out _).ShouldBeFalse(name);
    }
}
