using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Protocol.Tests.ClientAuth;

public sealed class ClientAuthMethodTests
{
    [Theory]
    [InlineData(ClientAuthMethod.None, "none")]
    [InlineData(ClientAuthMethod.ClientSecretBasic, "client_secret_basic")]
    [InlineData(ClientAuthMethod.ClientSecretPost, "client_secret_post")]
    [InlineData(ClientAuthMethod.ClientSecretJwt, "client_secret_jwt")]
    [InlineData(ClientAuthMethod.PrivateKeyJwt, "private_key_jwt")]
    [InlineData(ClientAuthMethod.TlsClientAuth, "tls_client_auth")]
    [InlineData(ClientAuthMethod.SelfSignedTlsClientAuth, "self_signed_tls_client_auth")]
    public void A10_Each_method_has_its_registered_name(ClientAuthMethod method, string name)
    {
        method.Names().ShouldBe([name]);
        ClientAuthMethods.TryParse(name, out var parsed).ShouldBeTrue();
        parsed.ShouldBe(method);
    }

    [Fact]
    public void A10_A_set_of_methods_names_each_of_them() =>
        (ClientAuthMethod.ClientSecretBasic | ClientAuthMethod.ClientSecretPost).Names().ShouldBe(["client_secret_basic", "client_secret_post"]);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Client_Secret_Basic")]
    [InlineData("client_secret_basic ")]
    [InlineData("ClientSecretBasic")]
    [InlineData("3")]
    public void A10_Other_names_are_no_method(string? name)
    {
        ClientAuthMethods.TryParse(name, out var method).ShouldBeFalse();
        method.ShouldBe(ClientAuthMethod.None);
    }

    [Fact]
    public void A10_An_access_token_is_no_method_to_register()
    {
        ClientAuthMethod.Bearer.Names().ShouldBe(["Bearer"]);
        ClientAuthMethods.TryParse("Bearer", out _).ShouldBeFalse();
        ClientAuthMethods.All.ShouldNotContain("Bearer");
    }

    [Fact]
    public void A10_By_default_only_sent_secrets_are_registered() => ClientAuthMethods.Default.ShouldBe(["client_secret_basic", "client_secret_post"]);

    [Fact]
    public void I09_The_offered_methods_do_not_include_none()
    {
        ClientAuthMethods.All.ShouldNotContain("none");
        foreach (var method in Enum.GetValues<ClientAuthMethod>().Where(method => method is not (ClientAuthMethod.None or ClientAuthMethod.Bearer)))
            ClientAuthMethods.All.ShouldContain(method.Names().Single());
    }
}
