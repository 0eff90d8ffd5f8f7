using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Protocol.Tests.Jwt;

/// <summary>Encrypted JWTs (RFC 7516, RFC 7518): the examples of the RFCs, and what is refused.</summary>
public sealed class EncryptedJwtTests
{
    private static readonly byte[] Signed = Encoding.ASCII.GetBytes("eyJhbGciOiJFUzI1NiJ9.e30.AA");

    [Fact]
    public void RFC_7516_A2_the_content_of_A128CBC_HS256()
    {
        byte[] key = [4, 211, 31, 197, 84, 157, 252, 254, 11, 100, 157, 250, 63, 170, 106, 206, 107, 124, 212, 45, 111, 107, 9, 219, 200, 177, 0, 240, 143, 156, 44, 207];
        Check("A128CBC-HS256", key, "AxY8DCtDaGlsbGljb3RoZQ", "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0", "Live long and prosper.", "KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY", "9hH0vgRfYgPnAHOd8stkvw");
    }

    [Fact]
    public void RFC_7516_A1_the_content_of_A256GCM()
    {
        byte[] key = [177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7, 110, 91, 112, 46, 34, 105, 47, 130, 203, 46, 122, 234, 64, 252];
        Check("A256GCM", key, "48V1_ALb6US04U3b", "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ", "The true sign of intelligence is not knowledge but imagination.", "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A", "XFBoMYUZodetZdvTiFvSkQ");
    }

    [Fact]
    public void RFC_7518_C_the_key_that_Alice_and_Bob_agree_on()
    {
        using var alice = OfCurve("gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0", "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps", "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo");
        using var bob = OfCurve("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck", "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw");
        ContentEncryption.Agree(alice, bob.PublicKey, "A128GCM", "Alice"u8, "Bob"u8, bytes: 16).ShouldBe(Base64Url.DecodeFromChars("VqqN6vgjbSBcIijNcacQGg"));
        ContentEncryption.Agree(bob, alice.PublicKey, "A128GCM", "Alice"u8, "Bob"u8, bytes: 16).ShouldBe(Base64Url.DecodeFromChars("VqqN6vgjbSBcIijNcacQGg"));
    }

    public static TheoryData<string, string> Ways => new MatrixTheoryData<string, string>(["RSA", "P-256", "P-384", "P-521"], ["A128CBC-HS256", "A256GCM"]);

    [Theory, MemberData(nameof(Ways))]
    public void What_is_encrypted_for_a_key_is_opened_by_it_and_by_no_other(string kind, string encryption)
    {
        var (own, key) = NewKey(kind);
        var jwt = EncryptedJwt.Encrypt(own, encryption, Signed);
        EncryptedJwt.IsEncrypted(jwt).ShouldBeTrue();
        EncryptedJwt.Open(jwt, [key], out var opened).ShouldBe(JwtFault.None);
        opened.ShouldBe(Signed);
        EncryptedJwt.Open(jwt, [NewKey(kind).Private], out _).ShouldBe(JwtFault.Undecryptable);
        EncryptedJwt.Open(jwt, [NewKey(kind).Private, key], out _).ShouldBe(JwtFault.None);
        EncryptedJwt.Open(jwt, [], out _).ShouldBe(JwtFault.UnknownKey);
        EncryptedJwt.Encrypt(own, encryption, Signed).ShouldNotBe(jwt);
        var header = JsonElement.Parse(Base64Url.DecodeFromUtf8(jwt.AsSpan(0, jwt.AsSpan().IndexOf((byte)'.'))));
        header.GetProperty("cty").GetString().ShouldBe("JWT");
        header.GetProperty("kid").GetString().ShouldBe("k1");
        header.TryGetProperty("zip", out _).ShouldBeFalse("W-05");
    }

    [Theory, MemberData(nameof(Ways))]
    public void W02_A_changed_bit_anywhere_opens_nothing(string kind, string encryption)
    {
        var (own, key) = NewKey(kind);
        var parts = Encoding.ASCII.GetString(EncryptedJwt.Encrypt(own, encryption, Signed)).Split('.');
        for (var part = 1; part < 5; part++)
        {
            if (parts[part].Length == 0) continue;
            var bytes = Base64Url.DecodeFromChars(parts[part]);
            bytes[^1] ^= 1;
            var changed = parts.ToArray();
            changed[part] = Base64Url.EncodeToString(bytes);
            EncryptedJwt.Open(Encoding.ASCII.GetBytes(string.Join('.', changed)), [key], out _).ShouldBe(JwtFault.Undecryptable, $"part {part}");
        }
        // A shorter tag is none.
        EncryptedJwt.Open(Encoding.ASCII.GetBytes(string.Join('.', [.. parts[..4], parts[4][..^4]])), [key], out _).ShouldNotBe(JwtFault.None);
    }

    [Fact]
    public void W01_W05_What_the_header_may_not_say_is_refused()
    {
        var (own, key) = NewKey("P-256");
        var parts = Encoding.ASCII.GetString(EncryptedJwt.Encrypt(own, "A256GCM", Signed)).Split('.');
        var header = JsonNode.Parse(Base64Url.DecodeFromChars(parts[0]))!.AsObject();
        JwtFault With(string name, JsonNode? value)
        {
            var changed = header.DeepClone().AsObject();
            changed.Remove(name);
            if (value is not null) changed[name] = value;
            return EncryptedJwt.Open(Encoding.ASCII.GetBytes(string.Join('.', [Base64Url.EncodeToString(Encoding.UTF8.GetBytes(changed.ToJsonString())), .. parts[1..]])), [key], out _);
        }

        With("zip", "DEF").ShouldBe(JwtFault.Extended);
        With("crit", new JsonArray("exp")).ShouldBe(JwtFault.Extended);
        With("cty", null).ShouldBe(JwtFault.OtherKind);
        With("cty", "at+jwt").ShouldBe(JwtFault.OtherKind);
        foreach (var alg in new[] { "none", "dir", "RSA1_5", "RSA-OAEP", "ecdh-es", "ECDH-ES+A128KW", "A128KW", "PBES2-HS256+A128KW" }) With("alg", alg).ShouldBe(JwtFault.Algorithm, alg);
        foreach (var enc in new[] { "none", "A128GCM", "a256gcm", "A256CBC-HS512" }) With("enc", enc).ShouldBe(JwtFault.Algorithm, enc);
        With("alg", "RSA-OAEP-256").ShouldBe(JwtFault.UnknownKey, "W-01: this key is for another algorithm");
        With("kid", "k2").ShouldBe(JwtFault.UnknownKey);
        With("kid", null).ShouldBe(JwtFault.Undecryptable, "the header is part of what is sealed");
        With("x", 1).ShouldBe(JwtFault.Undecryptable);
    }

    [Fact]
    public void W03_A_point_that_is_none_of_the_curve_is_refused()
    {
        var (own, key) = NewKey("P-256");
        var parts = Encoding.ASCII.GetString(EncryptedJwt.Encrypt(own, "A256GCM", Signed)).Split('.');
        JwtFault With(JsonNode? epk)
        {
            var header = JsonNode.Parse(Base64Url.DecodeFromChars(parts[0]))!.AsObject();
            header["epk"] = epk;
            return EncryptedJwt.Open(Encoding.ASCII.GetBytes(string.Join('.', [Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString())), .. parts[1..]])), [key], out _);
        }

        string Bytes(byte fill, int length) => Base64Url.EncodeToString(Enumerable.Repeat(fill, length).ToArray());
        foreach (var epk in new JsonNode?[]
        {
            null, "text", new JsonObject(),
            new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Bytes(1, 32), ["y"] = Bytes(1, 32) },
            new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Bytes(0, 32), ["y"] = Bytes(0, 32) },
            new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Bytes(1, 31), ["y"] = Bytes(1, 32) },
            JsonNode.Parse(Jwk(ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384), "P-384").GetRawText()),
        }) With(epk).ShouldBe(JwtFault.Undecryptable, epk?.ToJsonString());

        EncryptionKey.TryRead(JsonElement.Parse($$"""{"kty":"EC","crv":"P-256","use":"enc","x":"{{Bytes(1, 32)}}","y":"{{Bytes(1, 32)}}"}""")).ShouldBeNull();
    }

    [Theory]
    [InlineData(""), InlineData("."), InlineData("...."), InlineData("a.b.c.d.e"), InlineData("e30.e30.e30"), InlineData("e30.AA.AA.AA.AA.AA"), InlineData("e30..AA.AA.AA="), InlineData("WzFd..AA.AA.AA")]
    public void W06_What_is_no_encrypted_JWT_is_malformed(string text) => EncryptedJwt.Open(Encoding.ASCII.GetBytes(text), [NewKey("P-256").Private], out _).ShouldBe(JwtFault.Malformed);

    [Fact]
    public void W01_A_key_has_to_be_marked_for_encryption()
    {
        using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        EncryptionKey? Read(params (string Name, JsonNode Value)[] more)
        {
            var jwk = JsonNode.Parse(Jwk(key, "P-256").GetRawText())!.AsObject();
            jwk.Remove("use");
            foreach (var (name, value) in more) jwk[name] = value;
            return EncryptionKey.TryRead(JsonElement.Parse(jwk.ToJsonString()));
        }

        Read().ShouldBeNull("it may be a key that signs");
        Read(("use", "sig")).ShouldBeNull();
        Read(("use", "sig"), ("alg", "ECDH-ES")).ShouldBeNull();
        Read(("use", "enc"), ("alg", "RSA-OAEP-256")).ShouldBeNull();
        Read(("alg", "ES256")).ShouldBeNull();
        Read(("alg", "ECDH-ES+A128KW")).ShouldBeNull();
        Read(("use", "enc")).ShouldNotBeNull().Algorithm.ShouldBe("ECDH-ES");
        Read(("alg", "ECDH-ES")).ShouldNotBeNull();

        using var weak = RSA.Create(1024);
        EncryptionKey.TryRead(Jwk(weak)).ShouldBeNull("W-04");
        Should.Throw<ArgumentException>(() => new DecryptionKey(weak));
        using var signing = ECDsa.Create();
        Should.Throw<ArgumentException>(() => new DecryptionKey(signing));
    }

    [Fact]
    public void A_set_of_keys_has_those_for_signatures_and_those_for_encryption()
    {
        using var ec = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        var set = $$"""{"keys":[{{Jwk(ec, "P-256").GetRawText()}},{{Jwk(rsa).GetRawText().Replace("\"enc\"", "\"sig\"", StringComparison.Ordinal)}}]}""";
        KeySet.TryParse(Encoding.UTF8.GetBytes(set), out var keys, out _).ShouldBeTrue();
        keys.EncryptionKeys.ShouldHaveSingleItem().Algorithm.ShouldBe("ECDH-ES");
        keys.Keys.ShouldHaveSingleItem().Fits("RS256").ShouldBeTrue();
    }

    private static void Check(string encryption, byte[] key, string iv, string header, string plain, string encrypted, string tag)
    {
        var (ivBytes, associated) = (Base64Url.DecodeFromChars(iv), Encoding.ASCII.GetBytes(header));
        var made = new byte[16];
        Base64Url.EncodeToString(ContentEncryption.Encrypt(encryption, key, ivBytes, associated, Encoding.ASCII.GetBytes(plain), made)).ShouldBe(encrypted);
        Base64Url.EncodeToString(made).ShouldBe(tag);
        ContentEncryption.Decrypt(encryption, key, ivBytes, associated, Base64Url.DecodeFromChars(encrypted), made).ShouldBe(Encoding.ASCII.GetBytes(plain));
    }

    private static (EncryptionKey Public, DecryptionKey Private) NewKey(string kind)
    {
        if (kind == "RSA")
        {
            var rsa = RSA.Create(2048);
            return (EncryptionKey.TryRead(Jwk(rsa))!, new DecryptionKey(rsa, "k1"));
        }
        var curve = ECDiffieHellman.Create(kind switch { "P-256" => ECCurve.NamedCurves.nistP256, "P-384" => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
        return (EncryptionKey.TryRead(Jwk(curve, kind))!, new DecryptionKey(curve, "k1"));
    }

    private static JsonElement Jwk(ECDiffieHellman key, string curve)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return JsonElement.Parse($$"""{"kty":"EC","use":"enc","kid":"k1","crv":"{{curve}}","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""");
    }

    private static JsonElement Jwk(RSA key)
    {
        var numbers = key.ExportParameters(includePrivateParameters: false);
        return JsonElement.Parse($$"""{"kty":"RSA","use":"enc","kid":"k1","n":"{{Base64Url.EncodeToString(numbers.Modulus)}}","e":"{{Base64Url.EncodeToString(numbers.Exponent)}}"}""");
    }

    private static ECDiffieHellman OfCurve(string x, string y, string d) => ECDiffieHellman.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Base64Url.DecodeFromChars(x), Y = Base64Url.DecodeFromChars(y) }, D = Base64Url.DecodeFromChars(d),
    });
}
