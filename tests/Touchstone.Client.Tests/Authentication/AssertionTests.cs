using System.Security.Cryptography;

namespace Touchstone.Client.Tests.Authentication;

/// <summary>What options and keys may be.</summary>
public sealed class AssertionTests
{
    [Fact]
    public void A_key_is_for_its_own_algorithm_and_long_enough()
    {
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var odd = ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1);
        using var small = RSA.Create(1024);
        new AssertionKey(p256).Algorithm.ShouldBe("ES256");
        foreach (var algorithm in new[] { "ES384", "RS256", "HS256", "none", "" }) Should.Throw<ArgumentException>(() => new AssertionKey(p256, algorithm: algorithm));
        Should.Throw<ArgumentException>(() => new AssertionKey(odd));
        Should.Throw<ArgumentException>(() => new AssertionKey(small));
        Should.Throw<ArgumentException>(() => new AssertionKey(p256, keyId: ""));
        Should.Throw<ArgumentException>(() => ClientAuthentication.ClientSecretJwt("rs", () => "s", "RS256"));
    }

    [Fact]
    public void All_that_is_wrong_with_the_options_is_said_at_once()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signing = new AssertionKey(key);
        var options = new TokenIntrospectionOptions
        {
            IntrospectionEndpoint = new Uri("https://as.acme.test/introspect"),
            FeedEndpoint = new Uri("https://as.acme.test/feed"),
            Authentication = ClientAuthentication.PrivateKeyJwt("rs", () => signing, new AssertionOptions { Lifetime = TimeSpan.FromHours(1), ReuseFor = TimeSpan.FromHours(1) }),
            BatchWindow = TimeSpan.FromSeconds(2),
            BatchSize = 1,
        };
        var faults = TokenIntrospectionOptionsRules.Faults(options);
        foreach (var word in new[] { "Lifetime", "ReuseFor", "Audience", "TokenEndpoint", "BatchWindow", "BatchSize" }) faults.ShouldContain(fault => fault.Contains(word, StringComparison.Ordinal));
        faults.Count.ShouldBe(6);
    }

    [Fact]
    public void M01_A_certificate_needs_https()
    {
        using var certificate = CallerShop.SelfSigned("CN=orders");
        var options = new TokenIntrospectionOptions { Issuer = new Uri("http://127.0.0.1:5080"), Authentication = ClientAuthentication.TlsCertificate("rs", () => certificate) };
        TokenIntrospectionOptionsRules.Faults(options).ShouldHaveSingleItem().ShouldContain("https");
    }
}
