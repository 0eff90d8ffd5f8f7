using Touchstone.Server.TokenIssue;

namespace Touchstone.Server.Tests.Rfc9396;

/// <summary>Numbers that mean the same to every reader.</summary>
public sealed class ExactNumberTests
{
    [Theory]
    [InlineData("0"), InlineData("-0"), InlineData("0.0e9999999999999"), InlineData("-1"), InlineData("1.50"), InlineData("0.1"), InlineData("123.45"), InlineData("1e3"), InlineData("1.5E+2"), InlineData("100000.00e-3")]
    [InlineData("9007199254740991"), InlineData("-9007199254740991"), InlineData("1e-300")]
    public void D01_Is_one(string text) => ExactNumber.Is(text).ShouldBeTrue();

    [Theory]
    [InlineData("9007199254740992"), InlineData("-9007199254740993"), InlineData("1e16"), InlineData("1e999"), InlineData("1e-999"), InlineData("1e-99999999999999999999")]
    [InlineData("0.10000000000000000001"), InlineData("1.0000000000000000001"), InlineData("900719925474099.123"), InlineData("0.30000000000000000004")]
    public void D01_Is_none(string text) => ExactNumber.Is(text).ShouldBeFalse();

    [Theory]
    [InlineData("""[{"type":"t","n":9007199254740993}]""", false)]
    [InlineData("""[{"type":"t","o":{"a":[1,{"n":0.10000000000000000001}]}}]""", false)]
    [InlineData("""[{"type":"t","o":{"a":[1,{"n":0.1}]}}]""", true)]
    public void D01_Wherever_it_stands(string details, bool isGood) => DetailsJson.TryParse(System.Text.Encoding.UTF8.GetBytes(details), out _).ShouldBe(isGood);
}
