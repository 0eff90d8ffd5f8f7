using System.Buffers.Text;
using System.Text.Json;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Tokens;

public sealed class TokenConfirmationTests
{
    private const string Hash = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2", Canonical = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0", Thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    [Fact]
    public void M04_O08_Certificate_key_or_both()
    {
        var (certificate, key, both) = (Read($$"""{"x5t#S256":"{{Canonical}}"}"""), Read($$"""{"jkt":"{{Thumbprint}}"}"""), Read($$"""{"x5t#S256":"{{Canonical}}","jkt":"{{Thumbprint}}"}"""));
        (certificate.IsUnderstood, certificate.HasCertificate, certificate.HasKey).ShouldBe((true, true, false));
        (key.IsUnderstood, key.HasCertificate, key.HasKey).ShouldBe((true, false, true));
        (both.IsUnderstood, both.HasCertificate, both.HasKey).ShouldBe((true, true, true));
        both.IsCertificate(Base64Url.DecodeFromChars(Canonical)).ShouldBeTrue();
        both.IsKey(Base64Url.DecodeFromChars(Thumbprint)).ShouldBeTrue();
        both.IsKey(Base64Url.DecodeFromChars(Canonical)).ShouldBeFalse();
        both.IsCertificate([]).ShouldBeFalse();
        key.IsCertificate(new byte[32]).ShouldBeFalse();
        certificate.IsKey(new byte[32]).ShouldBeFalse();
    }

    [Theory]
    [InlineData("{}"), InlineData("[]"), InlineData("\"x\""), InlineData("true")]
    [InlineData("""{"kid":"k1"}"""), InlineData("""{"jwk":{"kty":"EC"}}"""), InlineData($$"""{"jkt":"{{Thumbprint}}","kid":"k1"}"""), InlineData($$"""{"jkt":"{{Thumbprint}}","x5t":"x"}""")]
    [InlineData("""{"jkt":7}"""), InlineData("""{"jkt":""}"""), InlineData($$"""{"jkt":"{{Thumbprint}}="}"""), InlineData($$"""{"jkt":" {{Thumbprint}}"}"""), InlineData($$"""{"x5t#S256":"{{Hash}}"}"""), InlineData($$"""{"JKT":"{{Thumbprint}}"}""")]
    public void L48_What_is_not_understood_throughout_binds_to_nothing_that_could_be_shown(string cnf)
    {
        var read = Read(cnf);
        (read.IsUnderstood, read.HasCertificate, read.HasKey).ShouldBe((false, false, false));
        read.IsCertificate(new byte[32]).ShouldBeFalse();
        read.IsKey(new byte[32]).ShouldBeFalse();
    }

    private static TokenConfirmation Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        return TokenConfirmation.Read(document.RootElement);
    }
}
