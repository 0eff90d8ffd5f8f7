using Touchstone.Protocol.Introspection;

namespace Touchstone.Protocol.Tests.Introspection;

public sealed class IntrospectionMembersTests
{
    private static readonly string[] Expected =
    [
        "active", "scope", "client_id", "username", "token_type", "exp", "iat", "nbf", "sub", "aud", "iss", "jti", "cnf", "act", "authorization_details",
    ];

    [Fact]
    public void L14_The_members_that_the_server_says_itself_are_reserved()
    {
        IntrospectionMembers.All.ShouldBe(Expected, ignoreOrder: true);
        Expected.ShouldAllBe(name => IntrospectionMembers.IsReserved(name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("acr")]
    [InlineData("auth_time")]
    [InlineData("may_act")]
    [InlineData("sid")]
    [InlineData("roles")]
    [InlineData("active ")]
    public void I14_Other_names_are_free_for_own_members(string name) => IntrospectionMembers.IsReserved(name).ShouldBeFalse();
}
