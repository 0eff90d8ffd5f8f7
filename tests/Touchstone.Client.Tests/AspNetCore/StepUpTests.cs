using System.Net;
using Microsoft.AspNetCore.Builder;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>Endpoints that need a better or a newer authentication of the user (RFC 9470).</summary>
public sealed class StepUpTests : IAsyncLifetime
{
    private const string Error = "error=\"insufficient_user_authentication\", error_description=\"Another authentication of the user is needed.\"";

    private BoundApi _api = null!;

    public async ValueTask InitializeAsync() => _api = await BoundApi.StartAsync(map: app =>
    {
        app.MapGet("/acr", () => "in").RequireAcr("aal2", "aal3");
        app.MapGet("/age", () => "in").RequireMaxAge(TimeSpan.FromMinutes(5));
        app.MapGet("/attributes", [RequireAcr("aal3"), RequireMaxAge(60), RequiredScope("orders:write")] () => "in");
        var group = app.MapGroup("/group").RequireAcr("aal1", "aal2").RequireMaxAge(TimeSpan.FromHours(1));
        group.MapGet("/inner", () => "in").RequireAcr("aal3", "aal2").RequireMaxAge(TimeSpan.FromMinutes(1));
    });

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData("\"acr\":\"aal2\"", true), InlineData("\"acr\":\"aal3\"", true), InlineData("\"acr\":\"aal1\"", false), InlineData("\"acr\":\"AAL2\"", false), InlineData("\"acr\":[\"aal1\",\"aal2\"]", false), InlineData("\"acr\":null", false), InlineData("", false)]
    public async Task S01_The_acr_is_one_of_those(string member, bool isMet)
    {
        var token = _api.Token(member);
        for (var i = 0; i < 2; i++)
        {
            var response = await _api.SendAsync("/acr", "Bearer " + token);
            (response.StatusCode, response.Challenge()).ShouldBe(isMet ? (HttpStatusCode.OK, "") : (HttpStatusCode.Unauthorized, $"Bearer realm=\"orders\", {Error}, acr_values=\"aal2 aal3\""));
        }
    }

    [Theory]
    [InlineData(-300, true), InlineData(-301, false), InlineData(0, true), InlineData(60, true), InlineData(61, false), InlineData(null, false)]
    public async Task S05_The_authentication_is_not_too_old_and_its_time_is_known(int? age, bool isMet)
    {
        var token = _api.Token(age is null ? "" : $"\"auth_time\":{_api.Time.Seconds + age}");
        var response = await _api.SendAsync("/age", "Bearer " + token);
        (response.StatusCode, response.Challenge()).ShouldBe(isMet ? (HttpStatusCode.OK, "") : (HttpStatusCode.Unauthorized, $"Bearer realm=\"orders\", {Error}, max_age=\"300\""));
    }

    [Fact]
    public async Task L22_It_grows_old_in_memory()
    {
        var token = _api.Token($"\"auth_time\":{_api.Time.Seconds - 295}");
        (await _api.SendAsync("/age", "Bearer " + token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        _api.Time.Advance(TimeSpan.FromSeconds(6));
        (await _api.SendAsync("/age", "Bearer " + token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        _api.Asked.ShouldBe(1);
    }

    [Fact]
    public async Task S01_All_that_is_needed_is_said_at_once()
    {
        var challenge = (await _api.SendAsync("/attributes", "Bearer " + _api.Token("\"acr\":\"aal3\""))).Challenge();
        challenge.ShouldBe($"Bearer realm=\"orders\", {Error}, scope=\"orders:write\", acr_values=\"aal3\", max_age=\"60\"");
        (await _api.SendAsync("/group/inner", "Bearer " + _api.Token())).Challenge().ShouldEndWith("acr_values=\"aal2\", max_age=\"60\"");
        var scopeOnly = await _api.SendAsync("/attributes", "Bearer " + _api.Token($"\"acr\":\"aal3\",\"auth_time\":{_api.Time.Seconds}"));
        (scopeOnly.StatusCode, scopeOnly.Challenge()).ShouldBe((HttpStatusCode.Forbidden, "Bearer realm=\"orders\", error=\"insufficient_scope\", scope=\"orders:write\""));
        (await _api.SendAsync("/group/inner", "Bearer " + _api.Token($"\"acr\":\"aal2\",\"auth_time\":{_api.Time.Seconds}"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task S05_What_is_needed_is_told_to_nobody_without_an_active_token()
    {
        foreach (var header in new[] { null, "Bearer at.never-seen" }) (await _api.SendAsync("/attributes", header)).Challenge().ShouldNotContain("acr_values");
    }

    [Fact]
    public async Task S01_The_challenge_is_of_the_scheme_that_was_used()
    {
        var key = new DPoPKey();
        var response = await _api.ProveAsync(key, _api.Token(key), "/acr");
        (response.StatusCode, response.Challenge()).ShouldBe((HttpStatusCode.Unauthorized, ""));
        response.Challenge("DPoP").ShouldContain($"{Error}, acr_values=\"aal2 aal3\", algs=");
    }

    [Fact]
    public void B26_What_would_break_the_header_is_refused_when_it_is_configured()
    {
        foreach (var value in new[] { "", "a b", "a\"b", "a\n" }) Should.Throw<ArgumentException>(() => new RequireAcrAttribute(value));
        foreach (var seconds in new[] { 0, -1, int.MaxValue }) Should.Throw<ArgumentOutOfRangeException>(() => new RequireMaxAgeAttribute(seconds));
    }
}
