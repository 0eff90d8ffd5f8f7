using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>Challenges as they go over the wire, whatever is wrong.</summary>
public sealed partial class ChallengeTests
{
    [Fact]
    public async Task C11_Each_challenge_stands_in_a_line_of_its_own()
    {
        await using var api = await BoundApi.StartAsync();
        foreach (var authorization in new[] { "", "Authorization: Bearer at.never-seen\n" })
        {
            var lines = (await RawHttp.SendAsync(api.Address, $"GET /orders HTTP/1.1\nHost: a\n{authorization}Connection: close\n\n")).All("WWW-Authenticate");
            lines.Select(line => line.Split(' ')[0]).ShouldBe(["Bearer", "DPoP"]);
            lines.ShouldAllBe(line => Challenge.IsMatch(line));
        }
    }

    [Fact]
    public async Task B05_There_is_a_realm_also_where_none_is_configured()
    {
        await using var api = await Api.StartAsync(options => options.Introspection = new() { IntrospectionEndpoint = new Uri("http://127.0.0.1:1/"), ClientId = "rs", ClientSecret = "s" });
        (await api.GetAsync("/read")).Challenge().ShouldBe("Bearer realm=\"api\"");
    }

    [Fact]
    public async Task B08_No_parameter_stands_twice_and_none_has_a_character_that_needs_an_escape()
    {
        await using var api = await BoundApi.StartAsync(options => (options.Resource, options.Audiences) = (new Uri("https://acme.test/orders"), [Shop.Api]), app =>
        {
            app.MapProtectedResourceMetadata();
            app.MapGroup("/group").RequireScope("orders:write", "orders:read").MapGet("/write", static () => "written").RequireScope("orders:read", "orders:write");
            app.MapGet("/pay", static () => "paid").RequireAcr("aal2").RequireMaxAge(TimeSpan.FromMinutes(5)).RequireScope("orders:read");
        });
        var good = api.Token($"\"aud\":\"{Shop.Api}\"");
        var statuses = new List<int>();
        foreach (var (path, authorization) in new[]
        {
            ("/orders", ""), ("/orders", "Basic YTpi"), ("/orders", "Bearer at.\u0001\"\\"), ("/orders", "Bearer a\"b, realm=\"x"), ("/orders", "Bearer at.never-seen"), ("/orders", "Bearer " + api.Token()), ("/orders", "DPoP at.never-seen"),
            ("/group/write", "Bearer " + good), ("/pay", "Bearer " + good),
        })
        {
            var answer = await RawHttp.SendAsync(api.Address, $"GET {path} HTTP/1.1\nHost: a\n{(authorization.Length > 0 ? $"Authorization: {authorization}\n" : "")}Connection: close\n\n");
            statuses.Add(answer.Status);
            // What Kestrel itself refuses comes to nobody who could challenge.
            if (authorization.Contains('\u0001', StringComparison.Ordinal) && answer.Status == 400) continue;
            answer.All("WWW-Authenticate").ShouldNotBeEmpty(authorization);
            foreach (var line in answer.All("WWW-Authenticate"))
            {
                var match = Challenge.Match(line);
                match.Success.ShouldBeTrue(line);
                match.Groups["name"].Captures.Select(name => name.Value).ShouldBeUnique(StringComparer.OrdinalIgnoreCase, line);
            }
        }
        statuses.ShouldBe([401, 401, 400, 400, 401, 401, 401, 403, 401]);
    }

    // RFC 6750 §3: what may stand in error_description and error_uri, and so in the rest.
    [GeneratedRegex("""^(Bearer|DPoP) (?<name>[a-z_]+)="[\x20-\x21\x23-\x5B\x5D-\x7E]+"(, (?<name>[a-z_]+)="[\x20-\x21\x23-\x5B\x5D-\x7E]+")*$""")]
    private static partial Regex Challenge { get; }
}
