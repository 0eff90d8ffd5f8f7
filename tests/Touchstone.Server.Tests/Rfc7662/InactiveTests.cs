using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Tests.Rfc7662;

public sealed class InactiveTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task I11_I12_I43_L02_Whatever_is_wrong_the_answer_is_exactly_active_false()
    {
        var tokens = new Dictionary<string, string>
        {
            ["unknown of ours"] = new TokenFormat().Create(TokenKind.AccessToken, new byte[32]),
            ["unknown foreign"] = "at.7Qm2hV0pXc9rK4sLbN8tYw",
            ["expired"] = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, expires_in = 1 }),
            ["not yet valid"] = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, nbf = acme.Time.Seconds + 600 }),
            ["revoked"] = await acme.TokenAsync(),
            ["for others"] = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.BillingApi }),
            ["for nobody"] = await acme.TokenAsync(new { client_id = "web-shop", aud = Array.Empty<string>() }),
            ["refresh"] = await acme.RefreshTokenAsync("grant-43"),
            ["mistyped"] = (await acme.TokenAsync())[..^1] + "!",
            ["empty of form"] = " ",
            ["not ASCII"] = "tökén",
            ["too long"] = new string('a', 8000),
            ["control characters"] = "a\0b\r\nc",
            ["JWT"] = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
        };
        await acme.OAuth.RevokeAsync(tokens["revoked"], acme.Shop);
        acme.Time.AdvanceSeconds(1);

        var shapes = new HashSet<string>();
        foreach (var (name, token) in tokens)
        {
            var answer = await acme.OAuth.IntrospectAsync(token, acme.Orders);
            answer.ShouldBeInactive();
            shapes.Add(answer.Shape());
            shapes.Count.ShouldBe(1, name);
        }
    }

    [Fact]
    public async Task C26_C28_I15_A_token_ends_in_the_second_of_exp_without_leeway()
    {
        var token = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, expires_in = 60 });
        acme.Time.AdvanceSeconds(59);
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
        acme.Time.AdvanceSeconds(1);
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task C26_C28_I15_A_token_begins_in_the_second_of_nbf_without_leeway()
    {
        var token = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, nbf = acme.Time.Seconds + 60 });
        acme.Time.AdvanceSeconds(59);
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
        acme.Time.AdvanceSeconds(1);
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task I11_An_unknown_token_that_is_registered_later_is_active_at_once()
    {
        const string Token = "at.registered-a-little-later";
        (await acme.OAuth.IntrospectAsync(Token, acme.Orders)).ShouldBeInactive();
        await acme.Admin.IssueAsync(new { token = Token, iss = "https://other.acme.test", client_id = "somebody", aud = Acme.OrdersApi, expires_in = 60 });
        (await acme.OAuth.IntrospectAsync(Token, acme.Orders)).ShouldBeActive().GetProperty("iss").GetString().ShouldBe("https://other.acme.test");
    }

    [Fact]
    public async Task L10_No_truncation_suffix_change_of_case_or_flipped_bit_passes()
    {
        foreach (var token in (string[])[await acme.TokenAsync(), await ForeignAsync("at.7Qm2hV0pXc9rK4sLbN8tYw~x")])
        {
            (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
            foreach (var changed in Changes(token))
            {
                (await acme.OAuth.IntrospectAsync(changed, acme.Orders)).ShouldBeInactive();
            }
        }

        async Task<string> ForeignAsync(string token)
        {
            await acme.Admin.IssueAsync(new { token, iss = "https://other.acme.test", client_id = "somebody", aud = Acme.OrdersApi, expires_in = 60 });
            return token;
        }
    }

    private static IEnumerable<string> Changes(string token)
    {
        for (var i = 0; i < token.Length; i += 5)
        {
            yield return token[..i] + (char)(token[i] ^ 1) + token[(i + 1)..];
            yield return token.Remove(i, 1);
        }
        yield return token[..^1];
        yield return token + "A";
        yield return token + " ";
        yield return " " + token;
        yield return token + token;
        yield return token + "\0";
        yield return "Bearer " + token;
        yield return token.ToUpperInvariant();
        yield return token.ToLowerInvariant();
    }
}
