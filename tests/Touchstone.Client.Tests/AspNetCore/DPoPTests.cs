using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>Tokens that are bound to a key, at a real API (RFC 9449).</summary>
public sealed class DPoPTests : IAsyncLifetime
{
    private const string Algorithms = "algs=\"ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512\"";
    private const string BadProof = $"DPoP realm=\"orders\", error=\"invalid_dpop_proof\", error_description=\"The DPoP proof is not good for this request.\", {Algorithms}";
    private const string Inactive = $"DPoP realm=\"orders\", error=\"invalid_token\", error_description=\"The token is not active.\", {Algorithms}";

    private readonly DPoPKey _key = new();
    private BoundApi _api = null!;

    public async ValueTask InitializeAsync() => _api = await BoundApi.StartAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task O09_A_bound_token_with_its_proof_is_let_in_from_memory_as_well()
    {
        var token = _api.Token(_key);
        (await (await _api.ProveAsync(_key, token)).Content.ReadAsStringAsync()).ShouldBe("Server");
        (await (await _api.ProveAsync(_key, token)).Content.ReadAsStringAsync()).ShouldBe("Memory");
        _api.Asked.ShouldBe(1);
        (await _api.SendAsync("/orders", "dpop " + token, _key.Proof(_api.Url(), token, _api.Time.Seconds))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task O10_O29_L22_L48_A_bound_token_as_Bearer_is_refused_from_memory_as_well()
    {
        var token = _api.Token(_key);
        for (var i = 0; i < 2; i++)
        {
            var response = await _api.SendAsync("/orders", "Bearer " + token, _key.Proof(_api.Url(), token, _api.Time.Seconds));
            response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            response.Challenge().ShouldBe("Bearer realm=\"orders\", error=\"invalid_token\", error_description=\"The token is not active.\"");
            response.Challenge("DPoP").ShouldBe($"DPoP realm=\"orders\", {Algorithms}");
            (await _api.ProveAsync(_key, token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task O30_A_token_that_is_not_bound_is_refused_as_DPoP()
    {
        var token = _api.Token();
        for (var i = 0; i < 2; i++) ShouldBe(await _api.ProveAsync(_key, token), Inactive);
        (await _api.SendAsync("/orders", "Bearer " + token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task O26_The_key_of_another_is_refused()
    {
        var token = _api.Token(_key);
        for (var i = 0; i < 2; i++) ShouldBe(await _api.ProveAsync(new DPoPKey(), token), Inactive);
        (await _api.ProveAsync(_key, token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task O20_A_proof_is_good_once_and_a_replay_tells_nothing_of_the_token()
    {
        var token = _api.Token(_key);
        var proof = _key.Proof(_api.Url(), token, _api.Time.Seconds);
        (await _api.SendAsync("/orders", "DPoP " + token, proof)).StatusCode.ShouldBe(HttpStatusCode.OK);
        ShouldBe(await _api.SendAsync("/orders", "DPoP " + token, proof), BadProof);
        _api.Forget(token);
        _api.Time.Advance(TimeSpan.FromSeconds(30));
        ShouldBe(await _api.SendAsync("/orders", "DPoP " + token, proof), BadProof);
    }

    [Theory]
    [InlineData("AQ"), InlineData("AAE"), InlineData("AAAAAQ"), InlineData("AQAB")]
    public async Task W04_L47_A_key_that_is_none_is_the_callers_fault(string exponent)
    {
        const string Token = "never-issued";
        var modulus = Base64Url.EncodeToString(Enumerable.Repeat((byte)255, 256).ToArray());
        var hash = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Token)));
        static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
        var signed = Part($$$"""{"typ":"dpop+jwt","alg":"RS256","jwk":{"kty":"RSA","n":"{{{modulus}}}","e":"{{{exponent}}}"}}""") + "." + Part($$"""{"jti":"1","htm":"GET","htu":"{{_api.Url()}}","iat":{{_api.Time.Seconds}},"ath":"{{hash}}"}""");
        ShouldBe(await _api.SendAsync("/orders", "DPoP " + Token, signed + "." + Base64Url.EncodeToString(new byte[256])), BadProof);
    }

    [Fact]
    public async Task O20_Of_twenty_at_once_one_passes()
    {
        var token = _api.Token(_key);
        var proof = _key.Proof(_api.Url(), token, _api.Time.Seconds);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _api.SendAsync("/orders", "DPoP " + token, proof)));
        answers.Count(answer => answer.StatusCode is HttpStatusCode.OK).ShouldBe(1);
    }

    [Fact]
    public async Task O21_O22_O24_O25_O27_O28_O31_A_bad_proof_gets_the_same_answer_whatever_the_token_is()
    {
        var (active, now) = (_api.Token(_key), _api.Time.Seconds);
        (await _api.ProveAsync(_key, active)).StatusCode.ShouldBe(HttpStatusCode.OK);
        foreach (var token in new[] { active, "at.never-seen" })
        {
            string Good() => _key.Proof(_api.Url(), token, now);
            string[][] bad =
            [
                [_key.Proof(_api.Url(), token, now, method: "POST")], [_key.Proof(_api.Url("/orders/1"), token, now)], [_key.Proof("https://orders.acme.test/orders", token, now)],
                [_key.Proof(_api.Url(), token, now - 61)], [_key.Proof(_api.Url(), token, now + 61)], [_key.Proof(_api.Url(), token + "x", now)],
                [_key.Proof(_api.Url(), token, now, isPrivate: true)], [_key.Proof(_api.Url(), token, now, algorithm: "HS256")], [_key.Proof(_api.Url(), token, now, algorithm: "none")],
                [], [Good(), Good()], [Good() + "," + Good()], ["x"], [Good()[..^1]], [new string('a', 8193)],
            ];
            foreach (var proofs in bad) ShouldBe(await _api.SendAsync("/orders", "DPoP " + token, proofs), BadProof);
        }
    }

    [Fact]
    public async Task O14_A_proof_is_good_for_a_minute_around_its_time_or_for_as_long_as_is_configured()
    {
        await using var narrow = await BoundApi.StartAsync(options => options.DPoP.ProofWindow = TimeSpan.FromSeconds(5));
        foreach (var (api, window) in new[] { (_api, 60), (narrow, 5) })
        {
            var (token, now) = (api.Token(_key), api.Time.Seconds);
            foreach (var (ahead, status) in new[] { (-window - 1, HttpStatusCode.Unauthorized), (-window, HttpStatusCode.OK), (window, HttpStatusCode.OK), (window + 1, HttpStatusCode.Unauthorized) })
                (await api.SendAsync("/orders", "DPoP " + token, _key.Proof(api.Url(), token, now + ahead))).StatusCode.ShouldBe(status, $"{ahead} s");
        }
        var kept = _key.Proof(_api.Url(), "at.1", _api.Time.Seconds);
        _api.Time.AdvanceSeconds(61);
        ShouldBe(await _api.SendAsync("/orders", "DPoP at.1", kept), BadProof);
    }

    [Fact]
    public async Task O23_The_query_does_not_count()
    {
        var token = _api.Token(_key);
        (await _api.SendAsync("/orders?view=full", "DPoP " + token, _key.Proof(_api.Url(), token, _api.Time.Seconds))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await _api.SendAsync("/orders/%7ea%2Fb", "DPoP " + token, _key.Proof(_api.Url("/orders/~a%2fb"), token, _api.Time.Seconds))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("""{"kid":"k1"}"""), InlineData("{}"), InlineData("\"x\""), InlineData("""{"jkt":"x"}"""), InlineData("null,\"token_type\":\"DPoP\"")]
    public async Task L48_What_a_token_is_bound_to_and_is_not_understood_is_refused(string cnf)
    {
        var token = _api.Token("\"cnf\":" + cnf);
        for (var i = 0; i < 2; i++)
        {
            (await _api.SendAsync("/orders", "Bearer " + token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            ShouldBe(await _api.ProveAsync(_key, token), Inactive);
        }
    }

    [Fact]
    public async Task O11_Without_a_token_both_challenges_and_no_error()
    {
        var response = await _api.SendAsync("/orders", null);
        (response.StatusCode, response.Challenge(), response.Challenge("DPoP")).ShouldBe((HttpStatusCode.Unauthorized, "Bearer realm=\"orders\"", $"DPoP realm=\"orders\", {Algorithms}"));
    }

    [Theory]
    [InlineData("DPoP"), InlineData("DPoP a b"), InlineData("DPoP \"a\"")]
    public async Task B11_What_is_no_token_is_a_malformed_request(string header)
    {
        var response = await _api.SendAsync("/orders", header, "x");
        (response.StatusCode, response.Challenge()).ShouldBe((HttpStatusCode.BadRequest, ""));
        response.Challenge("DPoP").ShouldContain("error=\"invalid_request\"");
    }

    [Fact]
    public async Task B04_Bearer_and_DPoP_at_once_are_a_malformed_request()
    {
        var token = _api.Token(_key);
        var request = $"GET /orders HTTP/1.1\r\nHost: {_api.Address.Authority}\r\nAuthorization: Bearer {token}\r\nAuthorization: DPoP {token}\r\nDPoP: {_key.Proof(_api.Url(), token, _api.Time.Seconds)}\r\nConnection: close\r\n\r\n";
        (await RawHttp.SendAsync(_api.Address, request)).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Required_takes_nothing_else()
    {
        await using var api = await BoundApi.StartAsync(options => (options.DPoP.Mode, options.DPoP.Algorithms) = (DPoPMode.Required, ["ES256"]));
        var (bound, plain) = (api.Token(_key), api.Token());
        (await api.ProveAsync(_key, bound)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await api.ProveAsync(_key, plain)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var token in new[] { bound, plain })
        {
            var response = await api.SendAsync("/orders", "Bearer " + token);
            (response.StatusCode, response.Challenge(), response.Challenge("DPoP")).ShouldBe((HttpStatusCode.Unauthorized, "", "DPoP realm=\"orders\", algs=\"ES256\""));
        }
    }

    [Fact]
    public async Task Required_holds_for_tokens_from_elsewhere_and_where_nobody_can_be_asked()
    {
        await using var api = await BoundApi.StartAsync(options =>
        {
            options.DPoP.Mode = DPoPMode.Required;
            options.Introspection = new() { IntrospectionEndpoint = new Uri("http://127.0.0.1:1/"), ClientId = "rs", ClientSecret = "s", Retries = 0, Policy = new() { FailMode = FailMode.FailOpen } };
            options.Events = new() { OnTokenReceiving = context => Task.FromResult(context.Token = context.Request.Headers["X-Token"]) };
        });
        api.Http.DefaultRequestHeaders.Add("X-Token", "at.1");
        (await api.SendAsync("/orders", null)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Off_reads_no_such_scheme_and_refuses_such_tokens()
    {
        await using var api = await BoundApi.StartAsync(options => options.DPoP.Mode = DPoPMode.Off);
        var token = api.Token(_key);
        var response = await api.ProveAsync(_key, token);
        (response.StatusCode, response.Challenge(), response.Challenge("DPoP")).ShouldBe((HttpStatusCode.Unauthorized, "Bearer realm=\"orders\"", ""));
        (await api.SendAsync("/orders", "Bearer " + token)).Challenge().ShouldContain("invalid_token");
    }

    [Fact]
    public async Task O04_Behind_a_proxy_the_URI_that_clients_see_counts()
    {
        await using var api = await BoundApi.StartAsync(options => options.DPoP.ExternalBase = new Uri("https://api.acme.test/shop/"));
        var token = api.Token(_key);
        (await api.SendAsync("/orders", "DPoP " + token, _key.Proof("https://api.acme.test/shop/orders", token, api.Time.Seconds))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await api.ProveAsync(_key, token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task O04_The_base_of_the_path_belongs_to_the_URI_whoever_set_it()
    {
        await using var api = await BoundApi.StartAsync(map: app =>
        {
            app.UsePathBase("/shop");
            app.Use((http, next) =>
            {
                // As the middleware of forwarded headers does with a prefix that a proxy took away.
                if (http.Request.Headers.ContainsKey("X-Test-Prefix")) http.Request.PathBase = "/outer";
                return next(http);
            });
            app.UseRouting();
            app.UseAuthentication();
            app.UseAuthorization();
        });
        var token = api.Token(_key);
        (await api.ProveAsync(_key, token, "/shop/orders")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await api.SendAsync("/shop/orders", "DPoP " + token, _key.Proof(api.Url("/orders"), token, api.Time.Seconds))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        api.Http.DefaultRequestHeaders.Add("X-Test-Prefix", "1");
        (await api.SendAsync("/orders", "DPoP " + token, _key.Proof(api.Url("/outer/orders"), token, api.Time.Seconds))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task L48_A_stale_answer_is_bound_as_well()
    {
        await using var api = await BoundApi.StartAsync(options => options.Introspection.Policy = new() { FailMode = FailMode.StaleIfError });
        var token = api.Token(_key);
        (await api.ProveAsync(_key, token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        api.Break();
        api.Time.Advance(TimeSpan.FromSeconds(11));
        (await (await api.ProveAsync(_key, token)).Content.ReadAsStringAsync()).ShouldBe("Stale");
        (await api.SendAsync("/orders", "Bearer " + token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        ShouldBe(await api.ProveAsync(new DPoPKey(), token), Inactive);
    }

    [Fact]
    public async Task O16_The_header_for_proxies_is_not_read()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders");
        var token = _api.Token(_key);
        request.Headers.TryAddWithoutValidation("Proxy-Authorization", "DPoP " + token);
        request.Headers.TryAddWithoutValidation("DPoP", _key.Proof(_api.Url(), token, _api.Time.Seconds));
        (await _api.Http.SendAsync(request)).Challenge("DPoP").ShouldBe($"DPoP realm=\"orders\", {Algorithms}");
    }

    [Fact]
    public async Task O15_When_no_more_proofs_can_be_remembered_the_answer_is_503()
    {
        await using var api = await BoundApi.StartAsync(options => options.DPoP.MaxProofs = 1000);
        var token = api.Token(_key);
        for (var i = 0; i < 1000; i++) (await api.ProveAsync(_key, token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var response = await api.ProveAsync(_key, token);
        (response.StatusCode, response.Headers.RetryAfter!.ToString()).ShouldBe((HttpStatusCode.ServiceUnavailable, "1"));
        api.Time.Advance(TimeSpan.FromSeconds(300));
        (await api.ProveAsync(_key, token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
    {
        var options = new TokenIntrospectionSchemeOptions { DPoP = new() { Algorithms = ["HS256"], MaxProofs = 1, NonceKey = [1], ProofWindow = TimeSpan.Zero, ExternalBase = new Uri("/x", UriKind.Relative), Mode = (DPoPMode)7 }, Resource = new Uri("http://a.test/"), TokenFromQuery = new() };
        var message = Should.Throw<ArgumentException>(options.Validate).Message;
        foreach (var name in new[] { "DPoP.Mode", "DPoP.Algorithms", "DPoP.MaxProofs", "DPoP.NonceKey", "DPoP.ProofWindow", "DPoP.ExternalBase", "Resource", "TokenFromQuery.Paths" }) message.ShouldContain(name);
    }

    private static void ShouldBe(HttpResponseMessage response, string challenge)
    {
        (response.StatusCode, response.Challenge("DPoP")).ShouldBe((HttpStatusCode.Unauthorized, challenge));
        response.Challenge().ShouldBe("Bearer realm=\"orders\"");
    }
}
