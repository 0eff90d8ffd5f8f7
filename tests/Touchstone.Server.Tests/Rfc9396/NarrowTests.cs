using System.Buffers;
using System.Text;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;
using Touchstone.Server.TokenIssue;

namespace Touchstone.Server.Tests.Rfc9396;

/// <summary>What of the details of a refresh or subject token a new token gets.</summary>
public sealed class NarrowTests
{
    private const string A = """{"type":"t","n":1.50,"locations":["https://a"]}""", B = """{"type":"t","locations":["https://b"]}""", C = """{"type":"t","who":"é"}""";

    [Theory]
    [InlineData(null, $"[{A},{C}]")]
    [InlineData("", $"[{A},{C}]")]
    [InlineData($"[{C}]", $"[{C}]")]
    [InlineData("""[{"locations":["https://a"],"type":"t","n":1.5}]""", """[{"locations":["https://a"],"type":"t","n":1.5}]""")]
    [InlineData($"[{B}]", null)]
    [InlineData("""[{"type":"t"}]""", null)]
    [InlineData("""[{"type":"t","who":"e\u0301"}]""", null)]
    [InlineData("""[{"type":"t","n":1.50,"locations":["https://a","https://a"]}]""", null)]
    [InlineData("{}", null)]
    public void D05_U04_Each_is_one_that_was_granted_and_is_for_the_audience(string? asked, string? granted)
    {
        var result = DetailTypes.Narrow(Request(asked), Encoding.UTF8.GetBytes($"[{A},{B},{C}]"), ["https://a"]);
        result.Error?.Code.ShouldBe("invalid_authorization_details");
        (result.Error is null ? Encoding.UTF8.GetString(result.Json.Span) : null).ShouldBe(granted);
    }

    [Fact]
    public void D02_Out_of_nothing_nothing_is_granted()
    {
        DetailTypes.Narrow(Request(null), default, ["https://a"]).ShouldBe(default);
        DetailTypes.Narrow(Request($"[{C}]"), default, ["https://a"]).Error!.Description.ShouldBe("authorization_details[0]: was not granted before, or is not for this audience.");
    }

    private static TokenRequest Request(string? details)
    {
        var exchange = new FormExchange();
        if (details is not null) exchange.Form.Read(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes("authorization_details=" + Uri.EscapeDataString(details))));
        return new TokenRequest(exchange, new Client(new ClientRegistration { ClientId = "c", Kind = ClientRegistration.ClientKind }, null!), 1, default);
    }
}
