using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Touchstone.Sidecar.Tests.Opa;

/// <summary>
/// What an Open Policy Agent is to whoever asks it by its Data API (openpolicyagent.org/docs/rest-api): <c>POST /v1/data/PATH</c> with <c>{"input": …}</c>; 200 with <c>result</c>, or without it where the document is undefined;
/// 400 where the body is no JSON or a policy that needs an input got none.
/// </summary>
internal sealed class PolicyAgent : IAsyncDisposable
{
    private readonly WebApplication _app;

    private PolicyAgent(WebApplication app) => _app = app;

    /// <summary>The documents: what each says of an input; null is undefined.</summary>
    internal Dictionary<string, Func<JsonElement, JsonNode?>> Documents { get; } = [];

    /// <summary>Answers in its place.</summary>
    internal Func<HttpContext, Task>? Behavior { get; set; }

    /// <summary>The input of the last question.</summary>
    internal JsonElement Input { get; private set; }

    internal int Asked { get; private set; }

    internal Uri Url(string document) => new(_app.Urls.First() + "/v1/data/" + document);

    internal static async Task<PolicyAgent> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var agent = new PolicyAgent(builder.Build());
        agent._app.Run(agent.ServeAsync);
        await agent._app.StartAsync();
        return agent;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext http)
    {
        Asked++;
        if (Behavior is not null)
        {
            await Behavior(http);
            return;
        }
        http.Request.Method.ShouldBe("POST");
        http.Request.ContentType.ShouldBe("application/json");
        var body = (await JsonDocument.ParseAsync(http.Request.Body)).RootElement;
        if (!body.TryGetProperty("input", out var input))
        {
            http.Response.StatusCode = (int)HttpStatusCode.BadRequest;
            return;
        }
        Input = input.Clone();
        var answer = new JsonObject { ["decision_id"] = Guid.NewGuid().ToString() };
        if (Documents.TryGetValue(http.Request.Path.Value!["/v1/data/".Length..], out var document) && document(Input) is { } result) answer["result"] = result;
        await http.Response.WriteAsync(answer.ToJsonString());
    }
}
