using Microsoft.Extensions.Primitives;
using Touchstone.Server.Introspection;

namespace Touchstone.Server.Tests.Rfc9701;

/// <summary>Which form <c>Accept</c> asks for.</summary>
public sealed class AcceptTests
{
    private const string Jwt = "application/token-introspection+jwt";

    [Theory]
    [InlineData(null), InlineData(""), InlineData(" , ,"), InlineData("*/*"), InlineData("application/json"), InlineData("application/json; charset=utf-8"), InlineData("Application/JSON"), InlineData("application/*")]
    [InlineData("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2")] // What Java sends.
    [InlineData("text/html;q=0.9, */*;q=0.1")]
    [InlineData($"{Jwt};q=0.5, application/json")]
    [InlineData($"{Jwt};q=0, */*")]
    [InlineData($"{Jwt};q=wrong, */*")]
    [InlineData("*/*;q=0, application/json")]
    [InlineData("application/*;q=0, application/json;q=0.1")]
    public void J15_C18_Plain_JSON(string? accept) => AnswerForms.Of(accept is null ? StringValues.Empty : accept).ShouldBe(AnswerForm.Json);

    [Theory]
    [InlineData(Jwt), InlineData("Application/Token-Introspection+JWT"), InlineData($" {Jwt} "), InlineData($"{Jwt};q=0.1"), InlineData($"{Jwt};x=\"a,b;q=0\"")]
    [InlineData($"{Jwt}, application/json")]
    [InlineData($"application/json;q=0.9, {Jwt}")]
    [InlineData($"{Jwt}, */*;q=0.8")]
    [InlineData($"*/*, {Jwt}")]
    [InlineData($"application/json;q=0, */*, {Jwt};q=0.2")]
    public void J01_C18_A_signed_answer(string accept) => AnswerForms.Of(accept).ShouldBe(AnswerForm.Signed);

    [Theory]
    [InlineData("text/html"), InlineData("application/jwt"), InlineData("application/jsonp"), InlineData("text/*"), InlineData("application/json;q=0"), InlineData("*/*;q=0"), InlineData("application/json;q=2"), InlineData("nonsense")]
    [InlineData($"{Jwt};q=0, application/json;q=0")]
    [InlineData($"application/*, application/json;q=0, {Jwt};q=0")] // A wildcard asks for no signed answer.
    public void C18_J15_Neither(string accept) => AnswerForms.Of(accept).ShouldBe(AnswerForm.Neither);

    [Fact]
    public void C18_Several_lines_are_one() => AnswerForms.Of(new StringValues(["text/html", $"{Jwt};q=0.3", "application/json;q=0.2"])).ShouldBe(AnswerForm.Signed);

    [Fact]
    public void J15_Where_nothing_is_signed_the_type_fits_nothing()
    {
        AnswerForms.Of(Jwt, canSign: false).ShouldBe(AnswerForm.Neither);
        AnswerForms.Of($"{Jwt}, application/json;q=0.1", canSign: false).ShouldBe(AnswerForm.Json);
    }
}
