using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Protocol.Tests.ClientAuth;

public sealed class ClientAuthMethodTests
{
    [Theory]
    [InlineData(ClientAuthMethod.None, "none")]
    [InlineData(ClientAuthMethod.ClientSecretBasic, "client_secret_basic")]
    [InlineData(ClientAuthMethod.ClientSecretPost, "client_secret_post")]
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
    public void I09_The_offered_methods_do_not_include_none()
    {
        ClientAuthMethods.All.ShouldNotContain("none");
        foreach (var method in Enum.GetValues<ClientAuthMethod>().Where(method => method is not ClientAuthMethod.None))
            ClientAuthMethods.All.ShouldContain(method.Names().Single());
    }
}
