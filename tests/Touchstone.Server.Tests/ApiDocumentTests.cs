using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Touchstone.Server.Tests;

/// <summary>docs/api.md has every route and no other, with examples that are what they say.</summary>
public sealed partial class ApiDocumentTests(Acme acme) : IClassFixture<Acme>
{
    private static readonly string Text = File.ReadAllText(SourceTree.PathOf("docs", "api.md"));

    [GeneratedRegex("^### `(?<method>[A-Z]+) (?<path>/\\S*)`$", RegexOptions.Multiline)]
    private static partial Regex Heading { get; }

    [GeneratedRegex("```http\n(?<message>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example { get; }

    private string[] Routes
    {
        get
        {
            var endpoints = acme.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToArray();
            var withMethods = endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is not null).ToArray();
            // What is mapped for every method answers POST, and refuses the others itself; the rest is what refuses a wrong method.
            var forms = endpoints.Except(withMethods).Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/oauth/", StringComparison.Ordinal));
            return
            [
                .. withMethods.SelectMany(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {endpoint.RoutePattern.RawText}")),
                .. forms.Select(endpoint => $"POST {endpoint.RoutePattern.RawText}").Except(Named(withMethods)),
            ];

            static IEnumerable<string> Named(IEnumerable<RouteEndpoint> endpoints) => endpoints.Select(endpoint => $"POST {endpoint.RoutePattern.RawText}");
        }
    }

    [Fact]
    public void Every_route_has_its_heading_and_every_heading_its_route() =>
        Heading.Matches(Text).Select(heading => heading.Groups["method"].Value + " " + heading.Groups["path"].Value).ShouldBe(Routes, ignoreOrder: true);

    [Fact]
    public void Every_section_has_an_example_of_its_own_route()
    {
        foreach (var section in Text.Split("\n### ").Skip(1).Where(section => section.StartsWith('`')))
        {
            var route = section[1..section.IndexOf('`', 1)];
            var pattern = "^" + Regex.Escape(route).Replace("\\{id}", "[^/? ]+", StringComparison.Ordinal).Replace("\\{seq}", "[0-9]+", StringComparison.Ordinal).Replace("\\{kid}", "[^/? ]+", StringComparison.Ordinal) + "(\\?\\S*)? HTTP/1\\.1\n";
            Example.Matches(section).First().Groups["message"].Value.ShouldMatch(pattern);
        }
    }

    [Fact]
    public void Every_JSON_of_an_example_can_be_read()
    {
        var bodies = Example.Matches(Text).Select(example => example.Groups["message"].Value.Split("\n\n", 2)).Where(parts => parts.Length > 1 && parts[0].Contains("json", StringComparison.Ordinal)).Select(parts => parts[1]).ToArray();
        bodies.Length.ShouldBeGreaterThan(10);
        foreach (var body in bodies) JsonSerializer.Deserialize<JsonElement>(body).ValueKind.ShouldBe(JsonValueKind.Object);
    }

    [Fact]
    public async Task The_metadata_in_the_document_is_what_is_answered() =>
        Text.ShouldContain((await acme.OAuth.GetAsync("/.well-known/oauth-authorization-server")).Text);

    [Theory]
    [InlineData("### `POST /admin/clients`", "created_at\":1790000000,\"secrets\"")]
    [InlineData("### `POST /admin/tokens`", "token_sha256")]
    [InlineData("### `POST /admin/revocations`", "already_revoked")]
    public void Answers_of_the_admin_interface_are_shown(string heading, string expected) => Section(heading).ShouldContain(expected);

    [Fact]
    public async Task The_examples_of_the_admin_interface_work_and_answer_as_they_say()
    {
        (string Route, int Status)[] examples = [("POST /admin/tokens", 201), ("POST /admin/tokens/lookup", 200), ("POST /admin/revocations", 200)];
        foreach (var (route, status) in examples)
        {
            var messages = Example.Matches(Section($"### `{route}`")).Select(example => example.Groups["message"].Value.Split("\n\n", 2)[1]).ToArray();
            var answer = await acme.Admin.PostAsync(route.Split(' ')[1], messages[0]);
            answer.Status.ShouldBe(status, answer.ToString());
            answer.Json.EnumerateObject().Select(member => member.Name).ShouldBe(JsonSerializer.Deserialize<JsonElement>(messages[1]).EnumerateObject().Select(member => member.Name), route);
        }
    }

    private static string Section(string heading)
    {
        var start = Text.IndexOf(heading + "\n", StringComparison.Ordinal);
        start.ShouldBeGreaterThan(0, heading);
        var end = Text.IndexOf("\n### ", start + 1, StringComparison.Ordinal);
        return end < 0 ? Text[start..] : Text[start..end];
    }
}
