using System.Text.Json.Nodes;

namespace Touchstone.Client.Tests.Jwt;

/// <summary>Answers that the server signs (RFC 9701).</summary>
public sealed class SignedAnswerTests
{
    private const string Type = "application/token-introspection+jwt";

    [Fact]
    public async Task J01_A_signed_answer_is_demanded_and_opened()
    {
        await using var server = await JwtServer.StartAsync();
        string? accept = null;
        server.Introspection = http =>
        {
            accept = http.Request.Headers.Accept;
            return OtherServer.AnswerAsync(http, Sign(server, Answer(server)), Type);
        };
        await using var client = ClientOf(server);
        var result = await client.IntrospectAsync("t");
        (result.Outcome, result.Token!.Subject, accept).ShouldBe((IntrospectionOutcome.Active, "alice", Type));
        result.Token.ReadMembers().TryGetProperty("iss", out _).ShouldBeFalse("only what is said of the token counts");
    }

    [Fact]
    public async Task J06_A_signed_inactive_answer_is_inactive()
    {
        await using var server = await JwtServer.StartAsync();
        server.Introspection = http => OtherServer.AnswerAsync(http, Sign(server, With(server, "token_introspection", new JsonObject { ["active"] = false })), Type);
        await using var client = ClientOf(server);
        (await client.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public async Task J12_J14_J21_Whatever_else_comes_is_no_answer()
    {
        await using var server = await JwtServer.StartAsync();
        var stranger = new JwtKey("k1");
        var good = Sign(server, Answer(server));
        var cases = new Dictionary<string, (string Body, string Type)>
        {
            ["plain JSON"] = (OtherServer.Active, "application/json"),
            ["plain JSON as a signed answer"] = (OtherServer.Active, Type),
            ["a signed answer as JSON"] = (good, "application/json"),
            ["an access token"] = (server.Token(), Type),
            ["another typ"] = (server.Key.Sign(server.Key.Header("at+jwt"), Answer(server)), Type),
            ["J21 none"] = (JwtKey.Part("""{"typ":"token-introspection+jwt","alg":"none"}""") + "." + JwtKey.Part(Answer(server).ToJsonString()) + ".AA", Type),
            ["J21 another aud"] = (Sign(server, With(server, "aud", "rs-other")), Type),
            ["no aud"] = (Sign(server, With(server, "aud", null)), Type),
            ["another iss"] = (Sign(server, With(server, "iss", "https://other.test")), Type),
            ["an old one"] = (Sign(server, With(server, "iat", server.Time.Seconds - 61)), Type),
            ["one of the future"] = (Sign(server, With(server, "iat", server.Time.Seconds + 6)), Type),
            ["no iat"] = (Sign(server, With(server, "iat", null)), Type),
            ["an expired one"] = (Sign(server, With(server, "exp", server.Time.Seconds)), Type),
            ["nothing within"] = (Sign(server, With(server, "token_introspection", null)), Type),
            ["active as a text"] = (Sign(server, With(server, "token_introspection", new JsonObject { ["active"] = "true" })), Type),
            ["another's key"] = (stranger.Sign(stranger.Header("token-introspection+jwt"), Answer(server)), Type),
            ["a changed signature"] = (good[..^4] + "AAAA", Type),
            ["an answer about another token"] = (Sign(server, With(server, "touchstone", new JsonObject { ["token_sha256"] = Protocol.Tokens.TokenHash.Of("other").ToString() })), Type),
            ["an answer about no token"] = (Sign(server, With(server, "touchstone", new JsonObject { ["as_of"] = "x" })), Type),
            ["active at the top alone"] = (Sign(server, With(With(server, "token_introspection", null), "active", true)), Type),
        };
        foreach (var (name, (body, type)) in cases)
        {
            server.Introspection = http => OtherServer.AnswerAsync(http, body, type);
            await using var client = ClientOf(server);
            var result = await client.IntrospectAsync("t");
            (result.Outcome, result.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.Malformed), name);
        }
        server.Introspection = http => OtherServer.AnswerAsync(http, Sign(server, With(server, "touchstone", new JsonObject { ["token_sha256"] = Protocol.Tokens.TokenHash.Of("t").ToString() })), Type);
        await using var working = ClientOf(server);
        (await working.IntrospectAsync("t")).IsActive.ShouldBeTrue();
    }

    [Fact]
    public async Task J12_A_signed_answer_is_no_access_token_whatever_else_it_says()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        (await client.IntrospectAsync(server.Token())).Source.ShouldBe(IntrospectionSource.Jwt, "the client judges JWTs of this issuer");
        var claims = server.With("token_introspection", Answer(server)["token_introspection"]!.DeepClone());
        foreach (var answer in new[] { Sign(server, Answer(server)), Sign(server, claims), Sign(server, server.Claims()), server.Key.Sign(server.Key.Header(), claims) })
        {
            var result = await client.IntrospectAsync(answer);
            (result.Outcome, result.Source).ShouldBe((IntrospectionOutcome.Inactive, IntrospectionSource.Jwt));
        }
        server.Introspections.ShouldBe(0, "nobody is asked about it");
    }

    [Fact]
    public async Task A_signed_answer_that_nobody_asked_for_is_none()
    {
        await using var server = await JwtServer.StartAsync();
        server.Introspection = http => OtherServer.AnswerAsync(http, Sign(server, Answer(server)), Type);
        await using var client = server.Client(options => options.Jwt = new());
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Malformed);
    }

    [Fact]
    public async Task Without_the_keys_nothing_is_known()
    {
        await using var server = await JwtServer.StartAsync();
        server.HidesKeys = true;
        server.Introspection = http => OtherServer.AnswerAsync(http, Sign(server, Answer(server)), Type);
        await using var client = ClientOf(server);
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.KeysUnavailable);
    }

    private static IntrospectionClient ClientOf(JwtServer server) => server.Client(options => (options.Jwt, options.RequireSignedAnswers) = (new(), true));

    private static JsonObject Answer(JwtServer server) => new()
    {
        ["iss"] = server.Issuer, ["aud"] = "rs", ["iat"] = server.Time.Seconds, ["token_introspection"] = new JsonObject { ["active"] = true, ["sub"] = "alice" },
    };

    private static JsonObject With(JwtServer server, string name, JsonNode? value) => With(Answer(server), name, value);

    private static JsonObject With(JsonObject answer, string name, JsonNode? value)
    {
        answer.Remove(name);
        if (value is not null) answer[name] = value;
        return answer;
    }

    private static string Sign(JwtServer server, JsonObject answer) => server.Key.Sign(server.Key.Header("token-introspection+jwt"), answer);
}
