using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Touchstone.Server.Tests.OpenApi;

/// <summary>/openapi.json says what the routes, the shapes and docs/api.md say, and what the server does.</summary>
public sealed class OpenApiTests(Acme acme) : IClassFixture<Acme>
{
    private const string Update = "TOUCHSTONE_UPDATE_SNAPSHOTS";
    private static readonly string File = SourceTree.PathOf("src", "Touchstone.Server", "Metadata", "openapi.json");
    private static readonly JsonElement Document = JsonElement.Parse(OpenApiText.Write());
    private static readonly SchemaCheck Check = new(Document);

    private static IEnumerable<(string Route, JsonElement Operation)> Documented =>
        Document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(method => ($"{method.Name.ToUpperInvariant()} {path.Name}", method.Value)));

    [Fact]
    public void The_document_is_the_one_that_the_code_makes()
    {
        var made = OpenApiText.Write();
        if (Environment.GetEnvironmentVariable(Update) == "1") System.IO.File.WriteAllText(File, made);
        System.IO.File.ReadAllText(File).ShouldBe(made, $"openapi.json is stale: {Update}=1 dotnet test tests/Touchstone.Server.Tests --filter OpenApi");
    }

    [Fact]
    public void Every_route_is_an_operation_and_every_operation_a_route()
    {
        var endpoints = acme.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Select(endpoint => (Path: endpoint.RoutePattern.RawText!, endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods)).ToArray();
        var named = endpoints.Where(endpoint => endpoint.HttpMethods is not null).SelectMany(endpoint => endpoint.HttpMethods!.Select(method => $"{method} {endpoint.Path}")).ToHashSet();
        // What takes every method answers POST and refuses the others itself; beside a named one it refuses all.
        foreach (var (path, _) in endpoints.Where(endpoint => !named.Any(route => route.EndsWith(" " + endpoint.Path, StringComparison.Ordinal)))) named.Add($"POST {path}");
        Documented.Select(each => each.Route).ShouldBe(named, ignoreOrder: true);
    }

    [Fact]
    public void It_is_OpenAPI_3_1_in_form()
    {
        Document.GetProperty("openapi").GetString().ShouldBe("3.1.0");
        Document.EnumerateObject().Select(member => member.Name).ShouldBe(["openapi", "info", "servers", "tags", "paths", "components"]);
        foreach (var name in (string[])["title", "version"]) Document.GetProperty("info").GetProperty(name).GetString().ShouldNotBeNullOrEmpty();
        var schemes = Document.GetProperty("components").GetProperty("securitySchemes").EnumerateObject().Select(scheme => scheme.Name).ToArray();
        Documented.Select(each => each.Operation.GetProperty("operationId").GetString()).ShouldBeUnique();
        foreach (var (route, operation) in Documented)
        {
            operation.EnumerateObject().Select(member => member.Name).Except(["operationId", "tags", "summary", "parameters", "requestBody", "responses", "security"]).ShouldBeEmpty(route);
            operation.GetProperty("summary").GetString()!.Length.ShouldBeGreaterThan(10, route);
            foreach (var answer in operation.GetProperty("responses").EnumerateObject())
            {
                answer.Name.ShouldMatch("^[2-5][0-9][0-9]$");
                answer.Value.GetProperty("description").GetString().ShouldNotBeNullOrEmpty(route);
            }
            foreach (var scheme in operation.GetProperty("security").EnumerateArray().SelectMany(each => each.EnumerateObject())) schemes.ShouldContain(scheme.Name);
            var variables = operation.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().Where(parameter => parameter.GetProperty("in").GetString() == "path").Select(parameter => $"{{{parameter.GetProperty("name")}}}") : [];
            route.Split('/').Where(part => part.StartsWith('{')).ShouldBe(variables, route);
        }
        foreach (var reference in References(Document)) Should.NotThrow(() => Check.Resolve(reference), reference);
        var used = References(Document).ToHashSet();
        Document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(schema => $"#/components/schemas/{schema.Name}").Except(used).ShouldBeEmpty("a shape that nothing uses");
    }

    [Fact]
    public void The_examples_of_the_page_have_the_shapes_statuses_and_media_types_of_the_document()
    {
        var held = 0;
        foreach (var (route, operation) in Documented)
        {
            foreach (var parts in ApiPage.Examples(route).Select(example => example.Split("\n\n", 2)))
            {
                var isAnswer = parts[0].StartsWith("HTTP/", StringComparison.Ordinal);
                if (isAnswer) operation.GetProperty("responses").TryGetProperty(parts[0].Split(' ')[1], out _).ShouldBeTrue(route);
                if (parts.Length < 2 || Header(parts[0], "Content-Type") is not { } type) continue;
                var content = (isAnswer ? operation.GetProperty("responses").GetProperty(parts[0].Split(' ')[1]) : operation.GetProperty("requestBody")).GetProperty("content");
                content.TryGetProperty(type.Split(';')[0], out var media).ShouldBeTrue($"{route}: {type}");
                if (!type.EndsWith("json", StringComparison.Ordinal)) continue;
                Check.Faults(JsonElement.Parse(parts[1].Trim()), media.GetProperty("schema")).ShouldBeEmpty(route);
                held++;
            }
        }
        held.ShouldBeGreaterThan(12);

        static string? Header(string head, string name) => head.Split('\n').FirstOrDefault(line => line.StartsWith(name + ": ", StringComparison.Ordinal))?[(name.Length + 2)..];
    }

    [Fact]
    public async Task What_the_server_answers_has_the_shape_and_the_status_of_the_document()
    {
        var token = await acme.TokenAsync();
        Holds("POST /oauth/introspect", await acme.OAuth.IntrospectAsync(token, acme.Orders));
        Holds("POST /oauth/introspect", await acme.OAuth.IntrospectAsync("unknown", acme.Orders));
        Holds("POST /oauth/introspect", await acme.OAuth.IntrospectAsync(token, null));
        Holds("POST /oauth/introspect", await acme.OAuth.IntrospectAsync(token, acme.Mute));
        Holds("POST /oauth/introspect", await acme.OAuth.GetAsync("/oauth/introspect"));
        Holds("POST /oauth/introspect/batch", await acme.OAuth.PostAsync("/oauth/introspect/batch", acme.Orders, ("token", token), ("token", "unknown")));
        Holds("POST /oauth/token", await acme.OAuth.GrantAsync(acme.Shop));
        Holds("POST /oauth/token", await acme.OAuth.GrantAsync(acme.Shop, ("scope", "no")));
        Holds("POST /oauth/global-token-revocation", await acme.Admin.PostAsync("/oauth/global-token-revocation", "{}"));
        foreach (var path in (string[])["/.well-known/oauth-authorization-server", "/health/live", "/health/ready", "/openapi.json"]) Holds($"GET {path}", await acme.OAuth.GetAsync(path));
        foreach (var path in (string[])["/admin/clients", "/admin/subjects", "/admin/cursor"]) Holds($"GET {path}", await acme.Admin.GetAsync(path));
        Holds("GET /admin/clients", await acme.OAuth.GetAsync("/admin/clients"));
        Holds("GET /admin/clients", await acme.Admin.GetAsync("/admin/clients?limit=0"));
        Holds("GET /admin/clients/{id}", await acme.Admin.GetAsync("/admin/clients/rs-orders"));
        Holds("GET /admin/clients/{id}", await acme.Admin.GetAsync("/admin/clients/nobody"));
        Holds("GET /admin/clients/{id}/failures", await acme.Admin.GetAsync("/admin/clients/rs-orders/failures"));
        Holds("POST /admin/clients", await acme.Admin.PostAsync("/admin/clients", """{"client_id":"openapi","kind":"resource-server","audience":["https://openapi.example"]}"""));
        Holds("POST /admin/clients", await acme.Admin.PostAsync("/admin/clients", """{"client_id":"openapi","kind":"none"}"""));
        Holds("POST /admin/clients/{id}/rotate-secret", await acme.Admin.PostAsync("/admin/clients/openapi/rotate-secret", "{}"));
        Holds("POST /admin/clients/{id}/give-tag-key", await acme.Admin.PostAsync("/admin/clients/rs-orders/give-tag-key", "{}"));
        Holds("POST /admin/clients/{id}/withdraw-tag-key", await acme.Admin.PostAsync("/admin/clients/rs-orders/withdraw-tag-key", "{}"));
        Holds("POST /admin/clients/{id}/disable", await acme.Admin.PostAsync("/admin/clients/openapi/disable", "{}"));
        Holds("POST /admin/tokens", await acme.Admin.PostAsync("/admin/tokens", """[{"client_id":"web-shop"}]"""));
        Holds("POST /admin/tokens/lookup", await acme.Admin.PostAsync("/admin/tokens/lookup", $$"""{"token":"{{token}}"}"""));
        Holds("POST /admin/revocations", await acme.Admin.PostAsync("/admin/revocations", $$"""{"token":"{{token}}"}"""));
        Holds("POST /admin/revocations", await acme.Admin.PostAsync("/admin/revocations?wait=0", $$"""{"token":"{{token}}"}"""));
        Holds("GET /admin/revocations/{seq}/receipt", await acme.Admin.GetAsync("/admin/revocations/1/receipt"));
        Holds("GET /admin/revocations/{seq}/receipt", await acme.Admin.GetAsync("/admin/revocations/99/receipt"));
        var poller = new Feed.Poller(acme.Server.Http, acme.Orders);
        Holds("GET /feed", await poller.PollAsync());
        Holds("GET /feed", await poller.PollAsync(after: Protocol.Leases.LogCursor.Start(Guid.NewGuid()).ToString()));
        Holds("GET /feed", await poller.PollAsync(after: "x"));
        Holds("GET /admin/followers", await acme.Admin.GetAsync("/admin/followers"));
        Holds("POST /admin/subjects/disable", await acme.Admin.PostAsync("/admin/subjects/disable", """{"sub":"gone"}"""));

        static void Holds(string route, Answer answer)
        {
            var responses = Documented.Single(each => each.Route == route).Operation.GetProperty("responses");
            responses.TryGetProperty(((int)answer.Status).ToString(), out var response).ShouldBeTrue($"{route} {answer}");
            response.GetProperty("content").TryGetProperty(answer.Header("Content-Type")!.Split(';')[0], out var media).ShouldBeTrue($"{route} {answer}");
            Check.Faults(answer.Json, media.GetProperty("schema")).ShouldBeEmpty($"{route} {answer}");
        }
    }

    [Fact]
    public async Task It_is_served_with_a_tag_and_not_sent_again_to_whoever_has_it()
    {
        var answer = await acme.OAuth.GetAsync("/openapi.json");
        answer.Text.ShouldBe(System.IO.File.ReadAllText(File));
        answer.Header("Content-Type").ShouldBe("application/json");
        answer.Header("Cache-Control").ShouldBe("public, max-age=300");
        var tag = answer.Header("ETag")!;
        foreach (var (sent, status) in ((string, int)[])[(tag, 304), ($"W/{tag}", 304), ("*", 304), ("\"other\"", 200)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/openapi.json");
            request.Headers.TryAddWithoutValidation("If-None-Match", sent);
            (await acme.OAuth.SendAsync(request)).Status.ShouldBe(status, sent);
        }
    }

    private static IEnumerable<string> References(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(member => member.Name == "$ref" ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
