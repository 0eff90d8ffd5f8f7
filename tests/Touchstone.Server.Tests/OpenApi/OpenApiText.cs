using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Touchstone.Server.Tests.OpenApi;

/// <summary>Makes src/Touchstone.Server/Metadata/openapi.json from the operations, the shapes and docs/api.md.</summary>
internal static class OpenApiText
{
    // Judged for each endpoint of the kind, before it begins.
    private static readonly int[] OfForms = [400, 401, 405, 413, 415, 500, 503], OfAdmin = [400, 401, 403, 405, 500, 503], OfOthers = [405];

    internal static string Write()
    {
        var schemas = new Schemas();
        var paths = new JsonObject();
        foreach (var operation in Operation.All)
        {
            if (paths[operation.Path] is not JsonObject path) paths[operation.Path] = path = [];
            path[operation.Method] = Of(operation, schemas);
        }
        var document = new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Touchstone", ["version"] = "1", ["summary"] = "OAuth 2.0 token introspection and revocation (RFC 7662, RFC 7009).", ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "./", ["description"] = "The issuer that serves this document." }),
            ["tags"] = new JsonArray(Tag("oauth", "For clients and resource servers."), Tag("operations", "For whoever runs it."), Tag("admin", "For administrators.")),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas.All,
                ["securitySchemes"] = new JsonObject
                {
                    ["basic"] = new JsonObject { ["type"] = "http", ["scheme"] = "basic", ["description"] = "client_secret_basic" },
                    ["bearer"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "An access token of this server, with the scope that the operation names." },
                    ["certificate"] = new JsonObject { ["type"] = "mutualTLS", ["description"] = "tls_client_auth and self_signed_tls_client_auth, with client_id in the body" },
                },
            },
        };
        return document.ToJsonString(new JsonSerializerOptions { WriteIndented = true, IndentSize = 1, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" }) + "\n";
    }

    private static JsonObject Of(Operation operation, Schemas schemas)
    {
        var isAdmin = operation.Path.StartsWith("/admin", StringComparison.Ordinal);
        var isProblem = isAdmin || (operation.Path.StartsWith("/oauth", StringComparison.Ordinal) && !operation.IsForm);
        var made = new JsonObject
        {
            ["operationId"] = operation.Id,
            ["tags"] = new JsonArray(isAdmin ? "admin" : operation.Path.StartsWith("/oauth", StringComparison.Ordinal) || operation.Path.StartsWith("/.well-known", StringComparison.Ordinal) || operation.IsFeed ? "oauth" : "operations"),
            ["summary"] = ApiPage.Summary(operation.Route),
        };
        if (Parameters(operation) is { Count: > 0 } parameters) made["parameters"] = parameters;
        if (operation.Body is not null)
        {
            made["requestBody"] = new JsonObject { ["required"] = operation.Body is not Type { Name: "Rotation" }, ["content"] = Content(operation.IsForm ? "application/x-www-form-urlencoded" : "application/json", Shape(operation.Body, true)) };
            foreach (var (name, says) in ApiPage.Members(operation.Route)) schemas.Describe(operation.Body, name, says);
        }
        made["responses"] = Responses();
        made["security"] = operation.IsForm ? Security("basic", "certificate", operation.Id.StartsWith("introspect", StringComparison.Ordinal) ? "bearer" : null, "") : operation.IsFeed ? Security("basic", "certificate", "bearer") : isProblem ? Security("bearer") : [];
        return made;

        JsonObject Shape(object shape, bool isRequest)
        {
            var one = schemas.Reference(shape, isRequest);
            if (!operation.IsBatch) return one;
            var shapes = new JsonArray(one, new JsonObject { ["type"] = "array", ["items"] = one.DeepClone() });
            if (!isRequest && operation.Waited is { } waited) shapes.Add(schemas.Reference(waited, isRequest));
            return new JsonObject { ["oneOf"] = shapes };
        }

        JsonObject Responses()
        {
            var answers = new SortedDictionary<int, JsonObject>();
            var done = new JsonObject { ["description"] = ReasonPhrases.GetReasonPhrase(operation.Status) };
            if (operation.Answer is not null) done["content"] = Content(operation.MediaType, Shape(operation.Answer, false));
            if (operation.IsSignable) done["content"]!["application/token-introspection+jwt"] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } };
            answers[operation.Status] = done;
            if (operation.Id == "openApi") answers[304] = new JsonObject { ["description"] = "Not Modified" };
            int[] common = isProblem ? OfAdmin : operation.IsForm ? OfForms : OfOthers;
            int[] ofBody = isProblem && operation.Body is not null ? [413, 415] : [];
            foreach (var status in common.Concat(ofBody).Concat(ApiPage.Errors(operation.Route)).Concat(operation.Path.Contains('{') ? [404] : []).Distinct())
            {
                answers[status] = new JsonObject
                {
                    ["description"] = ReasonPhrases.GetReasonPhrase(status), ["content"] = isProblem ? Content("application/problem+json", schemas.Reference("Problem", false)) : Content("application/json", schemas.Reference("OAuthError", false)),
                };
            }
            if (operation.IsFeed) answers[410]["content"] = Content(operation.MediaType, Shape(operation.Answer!, false));
            return new JsonObject(answers.Select(answer => KeyValuePair.Create(answer.Key.ToString(System.Globalization.CultureInfo.InvariantCulture), (JsonNode?)answer.Value)));
        }
    }

    private static JsonArray Parameters(Operation operation)
    {
        var parameters = new JsonArray();
        if (operation.Path.Contains("{id}", StringComparison.Ordinal)) parameters.Add(Parameter("id", "path", "string", "the client"));
        if (operation.Path.Contains("{kid}", StringComparison.Ordinal)) parameters.Add(Parameter("kid", "path", "string", "the key"));
        if (operation.Path.Contains("{seq}", StringComparison.Ordinal)) parameters.Add(Parameter("seq", "path", "integer", "the row"));
        foreach (var (name, type, says) in operation.Query) parameters.Add(Parameter(name, "query", type, says));
        return parameters;
    }

    private static JsonObject Parameter(string name, string place, string type, string says) => new()
    {
        ["name"] = name, ["in"] = place, ["required"] = place == "path", ["description"] = says, ["schema"] = new JsonObject { ["type"] = type },
    };

    private static JsonObject Tag(string name, string says) => new() { ["name"] = name, ["description"] = says };

    private static JsonObject Content(string type, JsonObject schema) => new() { [type] = new JsonObject { ["schema"] = schema } };

    // Empty: the credentials stand in the body.
    private static JsonArray Security(params string?[] schemes) => new([.. schemes.OfType<string>().Select(scheme => scheme.Length == 0 ? new JsonObject() : new JsonObject { [scheme] = new JsonArray() })]);
}
