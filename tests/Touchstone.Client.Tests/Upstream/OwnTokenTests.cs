using System.Net;
using System.Text.Json;
using Touchstone.Client.Authentication;
using Touchstone.Client.Upstream;

namespace Touchstone.Client.Tests.Upstream;

/// <summary>The token that a caller gets itself for the feed.</summary>
public sealed class OwnTokenTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task It_is_used_until_shortly_before_it_ends()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, Token($"token-{server.Calls}", 3600));
        var (token, http) = Of(server);
        using var _ = http;
        (await ApplyAsync(token)).ShouldBe("Bearer token-1");
        _time.AdvanceSeconds(3569);
        (await ApplyAsync(token)).ShouldBe("Bearer token-1");
        _time.AdvanceSeconds(1);
        (await ApplyAsync(token)).ShouldBe("Bearer token-2");
        server.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task One_that_is_refused_is_given_up_and_one_that_was_refused_at_once_does_not_help()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, Token($"token-{server.Calls}", 3600));
        var (token, http) = Of(server);
        using var _ = http;
        await ApplyAsync(token);
        token.Renews().ShouldBeFalse();
        (await ApplyAsync(token)).ShouldBe("Bearer token-2");
        (await ApplyAsync(token)).ShouldBe("Bearer token-2");
        token.Renews().ShouldBeTrue();
        (await ApplyAsync(token)).ShouldBe("Bearer token-3");
    }

    [Theory]
    [InlineData(400, true), InlineData(401, true), InlineData(403, true), InlineData(429, false), InlineData(503, false)]
    public async Task Whether_it_is_refused_or_the_server_is_in_trouble_is_told_apart(int status, bool isRefusal)
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.RefuseAsync(http, status);
        var (token, http) = Of(server);
        using var _ = http;
        var failure = await Should.ThrowAsync<HttpRequestException>(() => ApplyAsync(token));
        (failure.StatusCode, failure.IsRefusal()).ShouldBe(((HttpStatusCode)status, isRefusal));
    }

    [Theory]
    [InlineData("""{"access_token":"t","token_type":"DPoP"}"""), InlineData("""{"access_token":"","token_type":"Bearer"}"""), InlineData("""{"access_token":"a b","token_type":"Bearer"}"""), InlineData("""{"token_type":"Bearer"}"""), InlineData("[]"), InlineData("")]
    public async Task What_is_no_token_is_not_sent(string body)
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, body);
        var (token, http) = Of(server);
        using var _ = http;
        (await Should.ThrowAsync<HttpRequestException>(() => ApplyAsync(token))).IsRefusal().ShouldBeFalse();
    }

    private (OwnToken Token, HttpClient Http) Of(OtherServer server)
    {
        var http = new HttpClient();
        var options = new TokenIntrospectionOptions { IntrospectionEndpoint = server.Endpoint, TokenEndpoint = new Uri(server.Address, "/token") };
        return (new OwnToken(ClientAuthentication.Post("rs", "secret of rs"), new AskedServer(new Discovery(options, http, _time), http, _time)), http);
    }

    private static async Task<string> ApplyAsync(OwnToken token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://127.0.0.1/feed");
        await token.ApplyAsync(request, form: null, default);
        return request.Headers.Authorization!.ToString();
    }

    private static string Token(string token, int seconds) => JsonSerializer.Serialize(new { access_token = token, token_type = "Bearer", expires_in = seconds });
}
