using System.Buffers.Text;
using System.Text.Json;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Protocol.Tests.Jwt;

public sealed class JwkThumbprintTests
{
    [Theory]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}""", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")]
    [InlineData("""{"y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","use":"sig","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs=","crv":"P-256","kty":"EC","kid":"1"}""", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")]
    public void O08_The_known_answer(string jwk, string expected) => Of(jwk).ShouldBe(expected);

    [Fact]
    public void O08_The_known_answer_of_RFC_7638()
    {
        const string Modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        Of($$"""{"kty":"RSA","alg":"RS256","e":"AQAB","n":"{{Modulus}}"}""").ShouldBe("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        Of($$"""{"kty":"RSA","e":"AAEAAQ","n":"{{Modulus}}"}""").ShouldBe("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    [Theory]
    [InlineData("{}"), InlineData("""{"kty":"oct","k":"AQ"}"""), InlineData("""{"kty":"EC","crv":"P-256","x":"AQ"}"""), InlineData("""{"kty":"EC","crv":"\"","x":"AQ","y":"AQ"}"""), InlineData("""{"kty":"RSA","e":"AQAB","n":"*"}""")]
    public void O08_What_is_no_such_key_has_none(string jwk) => Of(jwk).ShouldBeNull();

    private static string? Of(string jwk)
    {
        using var json = JsonDocument.Parse(jwk);
        return JwkThumbprint.Of(json.RootElement) is { } hash ? Base64Url.EncodeToString(hash) : null;
    }
}
