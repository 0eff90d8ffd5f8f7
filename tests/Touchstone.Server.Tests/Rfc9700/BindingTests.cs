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
}
