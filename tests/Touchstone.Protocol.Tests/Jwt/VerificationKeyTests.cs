using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using FsCheck.Fluent;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Protocol.Tests.Jwt;

public sealed class VerificationKeyTests
{
    private static readonly RSAParameters Good = NewRsa();

    [Fact]
    public void W01_A_key_verifies_what_it_signed()
    {
        using var rsa = RSA.Create(2048);
        var key = Read(rsa.ExportParameters(false).Modulus!, rsa.ExportParameters(false).Exponent!)!;
        var signature = rsa.SignData("x"u8, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        (key.Verify("RS256", "x"u8, signature), key.Verify("RS256", "y"u8, signature), key.Verify("PS256", "x"u8, signature)).ShouldBe((true, false, false));
    }

    // With the exponent 1 a signature is its own message, however many zeros stand before it; and what is even is no product of primes.
    [Theory]
    [InlineData("AQ"), InlineData("AAE"), InlineData("AAAAAQ"), InlineData("AA"), InlineData("AAAAAA"), InlineData("AAEAAQ"), InlineData("Ag"), InlineData("AQAA"), InlineData(""), InlineData("AQAAAAE")]
    public void W04_An_exponent_that_is_1_even_too_long_or_has_leading_zeros_makes_no_key(string exponent) => Read(Good.Modulus!, Base64Url.DecodeFromChars(exponent)).ShouldBeNull();

    [Fact]
    public void W04_An_even_modulus_or_one_with_leading_zeros_makes_no_key()
    {
        byte[] even = [.. Good.Modulus!];
        even[^1] &= 0xFE;
        Read(even, [1, 0, 1]).ShouldBeNull();
        Read([0, .. Good.Modulus!], [1, 0, 1]).ShouldBeNull();
        Read(Good.Modulus!, [1, 0, 1]).ShouldNotBeNull();
        Read(Good.Modulus!, [3]).ShouldNotBeNull();
    }

    [Fact]
    public void W02_Whatever_the_numbers_are_verifying_answers_and_does_not_throw()
    {
        var random = new byte[256];
        RandomNumberGenerator.Fill(random);
        Properties.Hold(from first in Gen.Choose(0, 255) from last in Gen.Choose(0, 255) from filling in Gen.Elements<byte[]>([new byte[256], [.. Enumerable.Repeat((byte)255, 256)], random])
                        from exponent in Gen.ArrayOf(Gen.Choose(0, 255)) from signature in Gen.Elements(0, 64, 255, 256, 257) from algorithm in Gen.Elements("RS256", "RS512", "PS256", "PS512") select (first, last, filling, exponent, signature, algorithm), tried =>
        {
            byte[] modulus = [.. tried.filling];
            (modulus[0], modulus[^1]) = ((byte)tried.first, (byte)tried.last);
            Read(modulus, [.. tried.exponent.Select(value => (byte)value)])?.Verify(tried.algorithm, "x"u8, new byte[tried.signature]).ShouldBeFalse();
        });
    }

    private static RSAParameters NewRsa()
    {
        using var rsa = RSA.Create(2048);
        return rsa.ExportParameters(includePrivateParameters: false);
    }

    private static VerificationKey? Read(byte[] modulus, byte[] exponent) =>
        VerificationKey.TryRead(JsonElement.Parse($$"""{"kty":"RSA","n":"{{Base64Url.EncodeToString(modulus)}}","e":"{{Base64Url.EncodeToString(exponent)}}"}"""));
}
