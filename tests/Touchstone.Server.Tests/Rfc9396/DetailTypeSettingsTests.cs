using Touchstone.Server.Settings;

namespace Touchstone.Server.Tests.Rfc9396;

public sealed class DetailTypeSettingsTests
{
    [Fact]
    public void D01_Types_are_read_from_the_file()
    {
        var read = Read("""
            {"Touchstone":{"AuthorizationDetails":{"Types":{"payment":{"Fields":{"actions":{"Required":true,"Values":["a","b"]},"amount":{"Type":"number"}}},"account":{"Name":"urn:acme:account"}}}}}
            """);
        read.Errors.ShouldBeEmpty();
        var payment = read.Options.AuthorizationDetails.Types["payment"];
        payment.Fields["actions"].Required.ShouldBeTrue();
        payment.Fields["actions"].Values.ShouldBe(["a", "b"]);
        payment.Fields["amount"].Type.ShouldBe("number");
        read.Options.AuthorizationDetails.Types["account"].Name.ShouldBe("urn:acme:account");
        read.Values.ShouldContain(value => value.Name == "Touchstone:AuthorizationDetails:Types:payment:Fields:amount:Type" && value.Value == "number");
    }

    [Fact]
    public void D01_All_that_is_wrong_with_them_is_told_at_once() =>
        Read("""
            {"Touchstone":{"AuthorizationDetails":{"Types":{
              "a":{"Field":{}},
              "b":{"Fields":{"x":{"Type":"int"},"y":{},"type":{"Type":"string"},"actions":{"Type":"string"},"n":{"Type":"number","Values":["1"]},"locations":{"Values":["https://a"]},"z":{"Type":"string","Required":"maybe"},"q":{"Type":"string","Enum":["1"]}}},
              "c":{"Name":"a"}}}}}
            """).Errors.Order(StringComparer.Ordinal).ShouldBe(
        [
            "AuthorizationDetails:Types:a: another type has the name a too.",
            "AuthorizationDetails:Types:a:Field: there is no such setting; a type has Name and Fields.",
            "AuthorizationDetails:Types:b:Fields:actions: is string[] (RFC 9396 section 2.2).",
            "AuthorizationDetails:Types:b:Fields:locations: its values are the resources of the client: leave Values out.",
            "AuthorizationDetails:Types:b:Fields:n: Values are for string and string[].",
            "AuthorizationDetails:Types:b:Fields:q:Enum: there is no such setting; a member has Type, Required and Values.",
            "AuthorizationDetails:Types:b:Fields:type: a member has a name of 1 to 200 printable ASCII characters, and not type.",
            "AuthorizationDetails:Types:b:Fields:x: Type must be string, string[], number, boolean or object.",
            "AuthorizationDetails:Types:b:Fields:y: Type must be string, string[], number, boolean or object.",
            "AuthorizationDetails:Types:b:Fields:z:Required: 'maybe' is neither true nor false.",
            "AuthorizationDetails:Types:c: another type has the name a too.",
        ]);

    private static ServerConfiguration Read(string json)
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "touchstone.json");
        File.WriteAllText(file, json);
        return ServerConfiguration.Read(file);
    }
}
