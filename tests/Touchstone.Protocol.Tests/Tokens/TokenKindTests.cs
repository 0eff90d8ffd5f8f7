using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Tokens;

public sealed class TokenKindTests
{
    [Theory]
    [InlineData(TokenKind.AccessToken, "access_token")]
    [InlineData(TokenKind.RefreshToken, "refresh_token")]
    public void I03_Each_kind_has_its_registered_name(TokenKind kind, string name)
    {
        kind.Name().ShouldBe(name);
        TokenKinds.TryParse(name, out var parsed).ShouldBeTrue();
        parsed.ShouldBe(kind);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Access_Token")]
    [InlineData("access_token ")]
    [InlineData("id_token")]
    [InlineData("1")]
    public void I05_Other_names_are_no_kind(string? name)
    {
        TokenKinds.TryParse(name, out var kind).ShouldBeFalse();
        kind.ShouldBe(default);
    }

    [Fact]
    public void L09_No_two_kinds_share_a_name() => Enum.GetValues<TokenKind>().Select(kind => kind.Name()).ShouldBeUnique();
}
