using System.Text;
using Touchstone.Server.TokenIssue.Refresh;

namespace Touchstone.Server.Tests.Rfc9700;

/// <summary>A refresh token of a public client is good with its key only (RFC 9449 §5, RFC 8705 §4).</summary>
public sealed class BindingTests
{
    private const string A = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", B = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0";
    private const string KeyA = $$"""{"jkt":"{{A}}"}""", KeyB = $$"""{"jkt":"{{B}}"}""", CertificateA = $$"""{"x5t#S256":"{{A}}"}""", Both = $$"""{"x5t#S256":"{{B}}","jkt":"{{A}}"}""", Unknown = """{"kid":"k"}""";

    [Theory]
    [InlineData("", true, "", true)]
    [InlineData("", true, KeyA, true)]
    [InlineData(KeyA, true, KeyA, true)]
    [InlineData(KeyA, true, Both, true)]
    [InlineData(CertificateA, true, CertificateA, true)]
    [InlineData(Both, true, Both, true)]
    [InlineData(KeyA, true, "", false)]
    [InlineData(KeyA, true, KeyB, false)]
    [InlineData(KeyA, true, CertificateA, false)]
    [InlineData(CertificateA, true, KeyA, false)]
    [InlineData(CertificateA, true, Both, false)]
    [InlineData(Both, true, KeyA, false)]
    [InlineData(Unknown, true, Unknown, false)]
    [InlineData(Unknown, true, KeyA, false)]
    [InlineData(KeyA, true, Unknown, false)]
    [InlineData(KeyA, false, "", true)]
    [InlineData(KeyA, false, KeyB, true)]
    public void O06_F01_M07_One_of_a_public_client_needs_each_key_that_it_is_bound_to(string bound, bool isPublic, string presented, bool allowed) =>
        RefreshBinding.Allows(Bytes(bound), isPublic, Bytes(presented)).ShouldBe(allowed);

    [Theory]
    [InlineData("", true, KeyA, KeyA)]
    [InlineData("", true, "", "")]
    [InlineData(KeyA, true, Both, KeyA)]
    [InlineData("", false, KeyA, "")]
    public void O06_The_next_one_is_bound_as_this_one_or_to_what_was_proven(string bound, bool isPublic, string presented, string next) =>
        Encoding.UTF8.GetString(RefreshBinding.Next(Bytes(bound), isPublic, Bytes(presented)).Span).ShouldBe(next);

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

    private static ReadOnlyMemory<byte> Bytes(string json) => Encoding.UTF8.GetBytes(json);
}
