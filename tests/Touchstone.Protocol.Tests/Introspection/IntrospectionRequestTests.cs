using System.Text;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tests.Forms;

namespace Touchstone.Protocol.Tests.Introspection;

public sealed class IntrospectionRequestTests
{
    [Fact]
    public void I01_The_token_is_taken_exactly_as_issued() => TokenIn("token=a%20b%2Bc&x=1").ShouldBe("a b+c");

    [Theory]
    [InlineData("")]
    [InlineData("token=")]
    [InlineData("token")]
    [InlineData("Token=abc")]
    [InlineData("access_token=abc")]
    [InlineData("token_type_hint=access_token")]
    public void I02_A_request_without_a_token_is_refused(string body) => TokenIn(body).ShouldBeNull();

    [Theory]
    [InlineData("access_token")]
    [InlineData("refresh_token")]
    [InlineData("id_token")]
    [InlineData("%00")]
    [InlineData("")]
    public void I04_I05_No_hint_has_any_influence(string hint)
    {
        TokenIn($"token=abc&token_type_hint={hint}").ShouldBe("abc");
        TokenIn($"token_type_hint={hint}&token=abc").ShouldBe("abc");
    }

    private static string? TokenIn(string body) =>
        IntrospectionRequest.TryRead(FormBody.Parse(body), out var request) ? Encoding.UTF8.GetString(request.Token) : null;
}
