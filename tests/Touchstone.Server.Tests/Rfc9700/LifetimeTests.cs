using Microsoft.Extensions.DependencyInjection;

namespace Touchstone.Server.Tests.Rfc9700;

/// <summary>Refresh tokens end when they lie unused, and their family at a time that no refresh moves.</summary>
public sealed class LifetimeTests
{
    private const long Day = 86400;

    [Fact]
    public async Task F04_Each_lives_fourteen_days_and_the_family_ninety_from_its_first()
    {
        await using var acme = await RefreshAcme.StartAsync();
        var start = acme.Time.Seconds;
        var (_, token, _) = await acme.IssueAsync(acme.App);
        for (var day = 0L; day < 84; day += 12)
        {
            var record = await acme.RecordAsync(token);
            record.GetProperty("exp").GetInt64().ShouldBe(Math.Min(start + ((day + 14) * Day), start + (90 * Day)));
            record.GetProperty("grant_exp").GetInt64().ShouldBe(start + (90 * Day));
            acme.Time.Advance(TimeSpan.FromDays(12));
            (_, token) = await acme.RefreshAsync(token, acme.App);
        }
        (await acme.RecordAsync(token)).GetProperty("exp").GetInt64().ShouldBe(start + (90 * Day));
        acme.Time.Advance(TimeSpan.FromSeconds((6 * Day) - 60));
        // Neither does an access token outlive the family.
        var json = (await acme.OAuth.RefreshAsync(token, acme.App)).ShouldBeJson(200).Json;
        json.GetProperty("expires_in").GetInt64().ShouldBe(60);
        acme.Time.Advance(TimeSpan.FromSeconds(60));
        (await acme.OAuth.RefreshAsync(json.GetProperty("refresh_token").GetString()!, acme.App)).ShouldBeError(400, "invalid_grant");
    }

    [Fact]
    public async Task F04_One_that_lay_unused_for_too_long_is_over_and_that_is_no_reuse()
    {
        await using var acme = await RefreshAcme.StartAsync(options => options.RefreshTokens.InactivityLifetime = TimeSpan.FromHours(1));
        var (access, token, _) = await acme.IssueAsync(acme.App, new { expires_in = 7200 });
        acme.Time.Advance(TimeSpan.FromSeconds(3599));
        (_, token) = await acme.RefreshAsync(token, acme.App);
        acme.Time.Advance(TimeSpan.FromSeconds(3600));
        (await acme.OAuth.RefreshAsync(token, acme.App)).ShouldBeError(400, "invalid_grant");
        (await acme.IsActiveAsync(access)).ShouldBeTrue();
        (await acme.ReasonAsync(token)).ShouldBe("expired");
    }

    [Fact]
    public async Task F04_A_client_may_have_lifetimes_of_its_own()
    {
        await using var acme = await RefreshAcme.StartAsync();
        var client = await acme.Admin.AddClientAsync(new
        {
            client_id = "short", kind = "client", scope = "orders:read", audience = new[] { Acme.OrdersApi },
            grants = new { grant_types = new[] { "refresh_token" }, refresh_token_inactivity_seconds = 600, refresh_token_absolute_seconds = 1000 },
        });
        var start = acme.Time.Seconds;
        var (_, token, _) = await acme.IssueAsync(client);
        (await acme.RecordAsync(token)).GetProperty("exp").GetInt64().ShouldBe(start + 600);
        acme.Time.Advance(TimeSpan.FromSeconds(500));
        (_, token) = await acme.RefreshAsync(token, client);
        (await acme.RecordAsync(token)).GetProperty("exp").GetInt64().ShouldBe(start + 1000);
        foreach (var wrong in (object[])[new { refresh_token_inactivity_seconds = 59 }, new { refresh_token_absolute_seconds = 0 }, new { refresh_token_absolute_seconds = 315360001L }])
            (await acme.Admin.PostAsync("/admin/clients/short/grants", wrong)).ShouldBeProblem(400);
        (await acme.Admin.PostAsync("/admin/clients/short/grants", new { refresh_token_inactivity_seconds = 60 })).Status.ShouldBe(200);
        (_, token) = await acme.RefreshAsync(token, client);
        (await acme.RecordAsync(token)).GetProperty("exp").GetInt64().ShouldBe(acme.Time.Seconds + 60);
    }

    [Fact]
    public async Task F04_No_refresh_token_lives_longer_than_any_token_may()
    {
        await using var acme = await RefreshAcme.StartAsync(options => options.MaxTokenLifetime = TimeSpan.FromDays(2));
        var (_, token, _) = await acme.IssueAsync(acme.App);
        (await acme.RecordAsync(token)).GetProperty("exp").GetInt64().ShouldBe(acme.Time.Seconds + (2 * Day));
        await Should.ThrowAsync<Exception>(() => RefreshAcme.StartAsync(options => (options.MaxTokenLifetime, options.RefreshTokens.InactivityLifetime) = (TimeSpan.FromDays(2), TimeSpan.FromDays(3))));
    }

    [Fact]
    public async Task F02_Uses_are_forgotten_when_the_token_is_over_and_not_before()
    {
        await using var acme = await RefreshAcme.StartAsync(options => (options.RefreshTokens.InactivityLifetime, options.Cleanup.KeepExpired) = (TimeSpan.FromHours(1), TimeSpan.FromDays(9)));
        var (_, old, _) = await acme.IssueAsync(acme.App);
        await acme.RefreshAsync(old, acme.App);
        var cleaner = acme.Server.Services.GetRequiredService<Server.Cleanup.Cleaner>();
        acme.Time.Advance(TimeSpan.FromHours(1.5));
        await cleaner.IdleAsync(); // The clock began a run of its own.
        await cleaner.RunAsync();
        (await acme.Admin.LookUpAsync(old)).TryGetProperty("use", out _).ShouldBeTrue();
        acme.Time.Advance(TimeSpan.FromHours(1));
        await cleaner.IdleAsync();
        await cleaner.RunAsync();
        (await acme.Admin.LookUpAsync(old)).TryGetProperty("use", out _).ShouldBeFalse();
        (await acme.OAuth.RefreshAsync(old, acme.App)).ShouldBeError(400, "invalid_grant");
    }
}
