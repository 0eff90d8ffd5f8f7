using System.Text.Json;
using Touchstone.Protocol.Jwt;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Tests.Rfc9068;

/// <summary>JWT access tokens as they are made.</summary>
public sealed class JwtAccessTokenTests(JwtServer jwts) : IClassFixture<JwtServer>
{
    private TestServer Server => jwts.Server;

    [Fact]
    public async Task H01_H02_H03_A_client_that_is_registered_for_JWTs_gets_one_that_jwks_json_proves()
    {
        var answer = await jwts.OAuth.GrantAsync(jwts.Signed, ("scope", "orders:read"), ("resource", Acme.OrdersApi));
        answer.Status.ShouldBe(200, answer.ToString());
        var token = answer.Json.GetProperty("access_token").GetString()!;
        var jwt = Jwts.Read(token);
        Jwts.NamesOf(jwt.Header).ShouldBe(["typ", "alg", "kid"]);
        (jwt.Header.GetProperty("typ").GetString(), jwt.Algorithm).ShouldBe(("at+jwt", "ES256"));
        Jwts.NamesOf(jwt.Claims).ShouldBe(["iss", "sub", "aud", "client_id", "iat", "exp", "jti", "scope", "touchstone"]);
        (jwt.Text("iss"u8), jwt.Text("sub"u8), jwt.Text("aud"u8), jwt.Text("client_id"u8), jwt.Text("scope"u8)).ShouldBe((TestServer.DefaultIssuer, "signed", Acme.OrdersApi, "signed", "orders:read"));
        (jwt.Claims.GetProperty("exp").GetInt64() - jwt.Claims.GetProperty("iat").GetInt64()).ShouldBe(answer.Json.GetProperty("expires_in").GetInt64());
        (await Server.VerifyAsync(token)).ShouldBe(SignatureVerdict.Good);
        Server.Judge(token, Acme.OrdersApi).ShouldBe(JwtFault.None);

        // It is a token like any other: what is told of it is what it says.
        var told = (await jwts.OAuth.IntrospectAsync(token, jwts.Acme.Orders)).ShouldBeActive();
        foreach (var name in (string[])["iss", "sub", "client_id", "iat", "exp", "jti", "scope"]) told.GetProperty(name).ToString().ShouldBe(jwt.Claims.GetProperty(name).ToString(), name);
    }

    [Fact]
    public async Task Only_its_hash_is_stored()
    {
        var token = await jwts.TokenAsync();
        (await jwts.Admin.LookUpAsync(token)).GetProperty("record").GetProperty("token_sha256").GetString().ShouldBe(TokenHash.Of(token).ToString());
        if (TestStore.IsPostgres) return;
        foreach (var file in Directory.GetFiles(Server.Data).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))) Latin1Of(file).ShouldNotContain(token[^40..], Case.Sensitive, file);
    }

    [Fact]
    public async Task H01_W01_An_RSA_key_is_there_for_who_asks_for_it_and_each_key_is_for_one_algorithm()
    {
        var client = await jwts.Admin.AddClientAsync(new { client_id = "rsa", kind = "client", audience = new[] { Acme.OrdersApi }, grants = new { access_token_format = "jwt", access_token_signing_alg = "RS256" } });
        var token = await jwts.OAuth.TokenOfAsync(client);
        Jwts.Read(token).Algorithm.ShouldBe("RS256");
        (await Server.VerifyAsync(token)).ShouldBe(SignatureVerdict.Good);
        var keys = (await jwts.OAuth.GetAsync(Jwts.Jwks)).Json.GetProperty("keys").EnumerateArray().ToArray();
        keys.Select(key => (key.GetProperty("kty").GetString(), key.GetProperty("alg").GetString(), key.GetProperty("use").GetString())).ShouldBe([("EC", "ES256", "sig"), ("RSA", "RS256", "sig")], ignoreOrder: true);
        foreach (var key in keys) Jwts.NamesOf(key).Intersect(["d", "p", "q", "dp", "dq", "qi", "k"]).ShouldBeEmpty();
    }

    [Fact]
    public async Task H04_L14_What_the_record_says_is_said_and_custom_claims_take_nothings_place()
    {
        var token = await jwts.TokenAsync(new
        {
            client_id = "signed", sub = "u-1", aud = new[] { Acme.OrdersApi, Acme.BillingApi }, scope = "orders:read", session = "s-1", nbf = Server.Time.Seconds, username = "ann",
            cnf = new { jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }, act = new { sub = "admin" }, authorization_details = new[] { new { type = "payment", amount = 12.50m } },
            claims = new { auth_time = 1, acr = "gold", amr = new[] { "pwd" }, touchstone = new { born = "no" }, sid = "other", events = 1, htu = "x" },
        });
        var claims = Jwts.Read(token).Claims;
        Jwts.NamesOf(claims).ShouldBe(["iss", "sub", "aud", "client_id", "iat", "nbf", "exp", "jti", "scope", "sid", "username", "cnf", "act", "authorization_details", "auth_time", "acr", "amr", "touchstone"]);
        claims.GetProperty("aud").GetRawText().ShouldBe($"""["{Acme.OrdersApi}","{Acme.BillingApi}"]""");
        claims.GetProperty("sid").GetString().ShouldBe("s-1");
        claims.GetProperty("cnf").GetRawText().ShouldBe("""{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}""");
        claims.GetProperty("authorization_details").GetRawText().ShouldBe("""[{"type":"payment","amount":12.50}]""");
        claims.GetProperty("touchstone").GetProperty("born").GetString().ShouldNotBe("no");
        Server.Judge(token, Acme.BillingApi).ShouldBe(JwtFault.None);
    }

    [Fact]
    public async Task H05_H08_Without_a_resource_there_is_a_default_one_and_a_token_names_those_asked_for_alone()
    {
        Jwts.Read(await jwts.OAuth.TokenOfAsync(jwts.Signed)).Text("aud"u8).ShouldBe(Acme.OrdersApi);
        var token = await jwts.OAuth.TokenOfAsync(jwts.Signed, ("resource", Acme.BillingApi));
        Jwts.Read(token).Text("aud"u8).ShouldBe(Acme.BillingApi);
        Server.Judge(token, Acme.OrdersApi).ShouldBe(JwtFault.Audience);
        (await jwts.OAuth.IntrospectAsync(token, jwts.Acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task H08_A_client_that_has_the_name_of_a_user_is_none_by_its_JWT()
    {
        // Registered by an administrator, never by itself: what tells them apart is that a client's own token names it twice.
        var user = Jwts.Read(await jwts.TokenAsync(new { client_id = "web-shop", sub = "signed", aud = JwtServer.LedgerApi }));
        var client = Jwts.Read(await jwts.OAuth.TokenOfAsync(jwts.Signed));
        (user.Text("sub"u8), user.Text("client_id"u8)).ShouldBe(("signed", "web-shop"));
        (client.Text("sub"u8), client.Text("client_id"u8)).ShouldBe(("signed", "signed"));
    }

    [Fact]
    public async Task A_follower_is_told_what_it_needs_to_judge_it()
    {
        var before = (await jwts.Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString();
        const string parent = "one that is not known here"; // Of a known one there would be more to say: below.
        var told = Jwts.Read(await jwts.TokenAsync(new { client_id = "signed", sub = "u-1", aud = Acme.OrdersApi, grant = "g-1", tenant = "south", ancestors = new[] { TokenHash.Of(parent).ToString() } })).Claims.GetProperty("touchstone");
        told.GetRawText().ShouldBe($$"""{"born":"{{before}}","grant":"g-1","tenant":"south","ancestors":["{{TokenHash.Of(parent)}}"]}""");
        var plain = Jwts.Read(await jwts.OAuth.TokenOfAsync(jwts.Signed)).Claims.GetProperty("touchstone");
        plain.GetRawText().ShouldBe($$"""{"born":"{{before}}","tenant":"north"}""");
    }

    [Fact]
    public void X20_With_a_lineage_it_says_nothing_of_its_birth_so_that_a_follower_asks()
    {
        var record = Storage.Records.Bare("x") with { Subject = "s", Jti = "j", Audience = ["a"], Grant = "g" };
        Claims(record).TryGetProperty("touchstone", out _).ShouldBeTrue();
        Claims(record with { Lineage = [Protocol.Revocation.Selector.Client("parent")] }).GetProperty("touchstone").GetRawText().ShouldBe("""{"lineage":true}""");

        static JsonElement Claims(TokenRecord record) => JsonDocument.Parse(TokenIssue.AccessTokenClaims.Write(record, Guid.NewGuid()).ToArray()).RootElement;
    }

    [Fact]
    public async Task H03_A_JWT_needs_a_subject_and_an_audience()
    {
        (await jwts.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "signed" })).ShouldBeProblem(400).GetProperty("errors")[0].GetProperty("detail").GetString()!.ShouldContain("subject");
        (await jwts.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "signed", sub = "u", aud = Array.Empty<string>() })).ShouldBeProblem(400);
    }

    [Fact]
    public async Task One_that_would_be_too_long_to_be_introspected_is_refused()
    {
        var refused = await jwts.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "signed", sub = "u", aud = Acme.OrdersApi, claims = new { text = new string('x', 3000) } });
        refused.ShouldBeProblem(400).GetProperty("errors")[0].GetProperty("detail").GetString()!.ShouldContain("4096");
        var longest = await jwts.TokenAsync(new { client_id = "signed", sub = "u", aud = Acme.OrdersApi, claims = new { text = new string('x', 2500) } });
        longest.Length.ShouldBeInRange(3500, 4096);
        (await jwts.OAuth.IntrospectAsync(longest, jwts.Acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task A_refresh_token_and_one_of_another_issuer_are_as_they_are()
    {
        Jwts.IsJwt(await jwts.TokenAsync(new { client_id = "signed", sub = "u", aud = Acme.OrdersApi, kind = "refresh_token" })).ShouldBeFalse();
        (await jwts.TokenAsync(new { client_id = "signed", sub = "u", aud = Acme.OrdersApi, token = "foreign-1", iss = "https://other.test", expires_in = 60 })).ShouldBe("foreign-1");
    }

    private static string Latin1Of(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file, System.Text.Encoding.Latin1);
        return reader.ReadToEnd();
    }
}
