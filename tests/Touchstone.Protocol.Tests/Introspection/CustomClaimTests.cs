using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck.Fluent;
using Touchstone.Protocol.Introspection;

namespace Touchstone.Protocol.Tests.Introspection;

/// <summary>Members that the issuer adds: their types survive, and they never speak for the server.</summary>
public sealed class CustomClaimTests
{
    private const string Base =
        """{"active":true,"iss":"https://as.acme.test","sub":"u-4821","client_id":"web-shop","aud":"https://orders.acme.test/","token_type":"Bearer",""" +
        "\"iat\":1790000000,\"exp\":1790000600";

    public static TheoryData<string> ReservedNames => [.. IntrospectionMembers.All];

    [Theory]
    [InlineData("1")]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("1E-3")]
    [InlineData("-0")]
    [InlineData("0.1000")]
    [InlineData("123456789012345678901234567890")]
    [InlineData("3.14159265358979323846264338327950288")]
    [InlineData("true")]
    [InlineData("false")]
    [InlineData("null")]
    [InlineData("\"\"")]
    [InlineData("\"1\"")]
    [InlineData("\"\\u00fc\\n\\\"\\/\\ud83d\\ude00\"")]
    [InlineData("\"ü😀\"")]
    [InlineData("[]")]
    [InlineData("[1,1.0,\"1\",null,[true],{}]")]
    [InlineData("{}")]
    [InlineData("""{"a":{"b":[{"c":1e400}]},"active":false,"":0}""")]
    public void I14_The_value_of_a_custom_member_survives_to_the_byte(string value)
    {
        Write($$"""{"x":{{value}}}""").ShouldBe($$"""{{Base}},"x":{{value}}}""");
        Write($$"""{"a":1,"x":{{value}},"z":2}""").ShouldBe($$"""{{Base}},"a":1,"x":{{value}},"z":2}""");
    }

    [Fact]
    public void I14_White_space_between_members_does_not_reach_the_answer() =>
        Write(" {\n \"a\" : 1 ,\t\"b\" : [ 1 ] \r\n} ").ShouldBe($$"""{{Base}},"a":1,"b":[ 1 ]}""");

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    public void I14_No_custom_members_add_nothing(string claims) => Write(claims).ShouldBe(Base + "}");

    [Theory]
    [InlineData("""{"na\u006de":1}""", "\"name\":1")]
    [InlineData("""{"\u00fc":1}""", "\"ü\":1")]
    [InlineData("""{"ü":1}""", "\"ü\":1")]
    [InlineData("""{"a\"b":1}""", "\"a\\\"b\":1")]
    [InlineData("""{"":1}""", "\"\":1")]
    [InlineData("""{"https://acme.test/roles":["a"]}""", "\"https://acme.test/roles\":[\"a\"]")]
    public void I14_Names_with_escapes_stay_the_same_names(string claims, string expected) => Write(claims).ShouldBe($"{Base},{expected}}}");

    [Theory]
    [MemberData(nameof(ReservedNames))]
    public void L14_A_reserved_member_cannot_be_overridden(string name)
    {
        var escaped = string.Concat(name.Select(c => $"\\u{(int)c:x4}"));
        foreach (var spelling in new[] { name, escaped, $"\\u{(int)name[0]:X4}{name[1..]}" })
        {
            foreach (var value in new[] { "false", "\"evil\"", "0", "{\"x\":[1]}", "[\"evil\"]", "null" })
            {
                Write($$"""{"{{spelling}}":{{value}}}""").ShouldBe(Base + "}");
                Write($$"""{"a":1,"{{spelling}}":{{value}},"b":2}""").ShouldBe(Base + ",\"a\":1,\"b\":2}");
            }
        }
    }

    [Fact]
    public void L14_A_reserved_name_deeper_inside_is_the_issuers_own_affair() =>
        Write("""{"x":{"sub":"1","active":false}}""").ShouldBe(Base + ""","x":{"sub":"1","active":false}}""");

    [Fact]
    public void L14_Whatever_the_custom_members_the_servers_own_stand_first_and_once()
    {
        var member = Gen.Elements("active", "sub", "exp", "scope", "a", "b", "ü", "\\u0061ctive").Zip(Gen.Elements("false", "1.0", "\"x\"", "[1,{}]", "null"));
        Properties.Hold(member.ArrayOf(), members =>
        {
            var claims = "{" + string.Join(',', members.Select(pair => $"\"{pair.Item1}\":{pair.Item2}")) + "}";
            var answer = Write(claims);
            answer.ShouldStartWith(Base, Case.Sensitive);
            using var json = JsonDocument.Parse(answer);
            json.RootElement.EnumerateObject().Skip(8).ShouldAllBe(property => !IntrospectionMembers.IsReserved(property.Name));
            json.RootElement.EnumerateObject().Count().ShouldBe(8 + members.Count(pair => pair.Item1 is "a" or "b" or "ü"));
        });
    }

    private static string Write(string claims)
    {
        var output = new ArrayBufferWriter<byte>();
        IntrospectionResponse.WriteActive(output, TokenRecords.Access with { Claims = TokenRecords.Json(claims) });
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
