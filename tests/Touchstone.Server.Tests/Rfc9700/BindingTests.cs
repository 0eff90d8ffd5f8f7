using Touchstone.Server.Tests.ClientAuth;
using Touchstone.Server.Tests.Rfc9449;

namespace Touchstone.Server.Tests.Rfc9700;

/// <summary>A refresh token of a public client is good with its key only (RFC 9449 §5, RFC 8705 §4).</summary>
public sealed class BindingTests
{
    private const string A = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    [Fact]
    public async Task O06_F01_A_bound_one_of_a_public_client_is_refused_without_its_key_and_ends_nothing()
    {
        await using var acme = await RefreshAcme.StartAsync();
        var (access, token, _) = await acme.IssueAsync(acme.Phone, new { cnf = new { jkt = A } });
        (await acme.OAuth.RefreshAsync(token, acme.Phone)).ShouldBeError(400, "invalid_grant");
        (await acme.OAuth.IntrospectAsync(access, acme.Orders)).ShouldBeActive();
        (await acme.ReasonAsync(token)).ShouldBe("active");
        // One of a client that authenticates is bound to no key.
        (_, token, _) = await acme.IssueAsync(acme.App, new { cnf = new { jkt = A } });
        (await acme.RecordAsync(token)).TryGetProperty("cnf", out _).ShouldBeFalse();
        await acme.RefreshAsync(token, acme.App);
    }

    [Fact]
    public async Task O03_O15_A_proof_is_used_up_by_who_has_the_refresh_token_and_by_nobody_else()
    {
        await using var acme = await RefreshAcme.StartAsync();
        var key = Signer.Of("ES256", keyId: null);
        var proof = key.Proof(acme.Time.Seconds);
        var (_, token, _) = await acme.IssueAsync(acme.Phone, new { cnf = new { jkt = key.Thumbprint } });
        var (_, other, _) = await acme.IssueAsync(acme.Phone, new { cnf = new { jkt = A } });
        var (_, foreign, _) = await acme.IssueAsync(acme.App);
        foreach (var wrong in (string[])["x", other, foreign]) (await RefreshAsync(acme, wrong, proof)).ShouldBeError(400, "invalid_grant");
        var next = (await RefreshAsync(acme, token, proof)).ShouldBeJson(200).Json.GetProperty("refresh_token").GetString()!;
        (await RefreshAsync(acme, next, proof)).ShouldBeBadProof();
        // A replay ends nothing: the proof was refused, and the token was not looked at further.
        (await RefreshAsync(acme, next, key.Proof(acme.Time.Seconds))).ShouldBeJson(200);
    }

    [Fact]
    public async Task A05_What_a_public_client_fails_with_is_held_against_the_address()
    {
        await using var acme = await RefreshAcme.StartAsync(options => (options.Limits.AddressFailures, options.Limits.AddressFailureBurst) = (1, 5));
        for (var i = 0; i < 10; i++) (await acme.OAuth.RefreshAsync("x", acme.App)).ShouldBeError(400, "invalid_grant");
        var answers = new List<int>();
        for (var i = 0; i < 10; i++) answers.Add((await acme.OAuth.RefreshAsync("x", acme.Phone)).Status);
        answers.ShouldBe([400, 400, 400, 400, 400, 400, 429, 429, 429, 429]);
    }

    private static async Task<Answer> RefreshAsync(RefreshAcme acme, string token, string proof)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Token);
        request.Headers.TryAddWithoutValidation("DPoP", proof);
        request.Content = new FormUrlEncodedContent([new("grant_type", "refresh_token"), new("refresh_token", token), new("client_id", acme.Phone.Id)]);
        return await acme.OAuth.SendAsync(request);
    }
}
