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
    [InlineData("""[{"locations":["https://a"],"type":"t","n":1.5}]""", $"[{A}]")]
    [InlineData($"[{C},{C}]", null)]
    [InlineData($"[{C},{A}]", $"[{C},{A}]")]
    [InlineData($"[{B}]", null)]
    [InlineData("""[{"type":"t"}]""", null)]
    [InlineData("""[{"type":"t","who":"e\u0301"}]""", null)]
    [InlineData("""[{"type":"t","n":1.50,"locations":["https://a","https://a"]}]""", null)]
    [InlineData("{}", null)]
    public void D05_U04_Each_is_one_that_was_granted_and_is_for_the_audience(string? asked, string? granted)
    {
        var result = Types("t").Narrow(Request(asked), Encoding.UTF8.GetBytes($"[{A},{B},{C}]"), ["https://a"], ["https://a", "https://b"]);
        result.Error?.Code.ShouldBe("invalid_authorization_details");
        Text(result).ShouldBe(granted);
    }

    [Theory]
    [InlineData("t", "other", "is not registered for this client.")]
    [InlineData("u", "t", "this server has no such type.")]
    public void D02_What_the_client_may_not_ask_for_any_more_it_does_not_get_from_before(string known, string registered, string fault)
    {
        var granted = Encoding.UTF8.GetBytes($"[{A},{C}]");
        Types(known).Narrow(Request($"[{C}]", registered), granted, ["https://a"], ["https://a"]).Error!.Description.ShouldBe("authorization_details[0].type: " + fault);
        var unasked = Types(known).Narrow(Request(null, registered), granted, ["https://a"], ["https://a"]);
        (unasked.Error, unasked.Json.Length).ShouldBe((null, 0));
    }

    [Fact]
    public void D02_One_that_stays_registered_stays()
    {
        var mixed = Encoding.UTF8.GetBytes($$"""[{{A}},{"type":"u"},7]""");
        Text(Types("t", "u").Narrow(Request(null, "t"), mixed, ["https://a"], ["https://a"])).ShouldBe($"[{A}]");
        // Without types an administrator's are free, and none may be asked for.
        Text(Types().Narrow(Request(null), mixed, ["https://a"], ["https://a"])).ShouldBe(Encoding.UTF8.GetString(mixed));
        Types().Narrow(Request($"[{A}]"), mixed, ["https://a"], ["https://a"]).Error.ShouldNotBeNull();
    }

    [Fact]
    public void D02_X20_What_names_no_resource_is_for_no_other_audience_than_it_was_granted_for()
    {
        var granted = Encoding.UTF8.GetBytes($"[{A},{C}]");
        Types("t").Narrow(Request($"[{C}]"), granted, ["https://a"], ["https://b"]).Error!.Description.ShouldBe("authorization_details[0]: was not granted before, or is not for this audience.");
        Text(Types("t").Narrow(Request($"[{A}]"), granted, ["https://a"], ["https://b"])).ShouldBe($"[{A}]");
        Text(Types("t").Narrow(Request(null), granted, ["https://a"], ["https://b"])).ShouldBe($"[{A}]");
    }

    [Fact]
    public void D02_Out_of_nothing_nothing_is_granted()
    {
        Types("t").Narrow(Request(null), default, ["https://a"], ["https://a"]).Json.Length.ShouldBe(0);
        Types("t").Narrow(Request($"[{C}]"), default, ["https://a"], ["https://a"]).Error!.Description.ShouldBe("authorization_details[0]: was not granted before, or is not for this audience.");
    }

    private static string? Text(DetailsResult result) => result.Error is null ? Encoding.UTF8.GetString(result.Json.Span) : null;

    private static DetailTypes Types(params string[] names)
    {
        var options = new ServerOptions();
        foreach (var name in names) options.AuthorizationDetails.Types[name] = new AuthorizationDetailsType();
        return new DetailTypes(options);
    }

    private static TokenRequest Request(string? details, string registered = "t")
    {
        var exchange = new FormExchange();
        if (details is not null) exchange.Form.Read(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes("authorization_details=" + Uri.EscapeDataString(details))));
        return new TokenRequest(exchange, new Client(new ClientRegistration { ClientId = "c", Kind = ClientRegistration.ClientKind, Grants = new GrantRegistration { AuthorizationDetailsTypes = [registered] } }, null!), 1, default);
    }
}
