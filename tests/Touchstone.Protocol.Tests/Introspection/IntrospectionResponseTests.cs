using System.Buffers;
using System.Text;
using System.Text.Json;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Introspection;

/// <summary>The exact bytes of answers: which members, in which order, of which type.</summary>
public sealed class IntrospectionResponseTests
{
    private static readonly TokenRecord Minimal = new()
    {
        Hash = TokenHash.Of("abc"), Kind = TokenKind.AccessToken, ClientId = "c", Issuer = "https://as.acme.test",
        IssuedAt = 1_790_000_000, ExpiresAt = 1_790_000_600, Born = 0,
    };

    [Fact]
    public void I12_L02_The_inactive_answer_is_exactly_one_member() => Encoding.UTF8.GetString(IntrospectionResponse.Inactive).ShouldBe("""{"active":false}""");

    [Fact]
    public void I10_Answers_are_json() => IntrospectionResponse.MediaType.ShouldBe("application/json");

    [Fact]
    public void I10_What_the_record_does_not_have_is_left_out() =>
        Write(Minimal).ShouldBe("""{"active":true,"iss":"https://as.acme.test","client_id":"c","token_type":"Bearer","iat":1790000000,"exp":1790000600}""");

    [Fact]
    public void I10_I14_All_members_in_their_order_as_exact_bytes()
    {
        ScopeSet.TryParse("orders:read orders:write", out var scope).ShouldBeTrue();
        var record = Minimal with
        {
            Subject = "u-4821", ClientId = "web-shop", Username = "jürgen", Audience = ["https://orders.acme.test/"], Scope = scope,
            NotBefore = 1_790_000_010, Jti = "9f1c",
            Confirmation = TokenRecords.Json("""{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"""),
            Actor = TokenRecords.Json("""{"sub":"svc-gateway"}"""),
            AuthorizationDetails = TokenRecords.Json("""[{"type":"order","ids":[1,2]}]"""),
            Claims = TokenRecords.Json("""{"acr":"aal2","auth_time":1789999000}"""),
        };
        var golden = File.ReadAllText(SourceTree.PathOf("tests", "Touchstone.Protocol.Tests", "Introspection", "active-answer.golden.json"));
        Write(record).ShouldBe(golden.TrimEnd('\n'));
    }

    [Fact]
    public void I45_Hash_grant_session_and_tenant_stay_inside()
    {
        var record = TokenRecords.Access with { Ancestors = [TokenHash.Of("parent")] };
        var answer = Write(record);
        foreach (var inner in new[] { record.Hash.ToString(), record.Ancestors[0].ToString(), record.Grant!, record.Session!, record.Tenant!, "born" })
            answer.ShouldNotContain(inner);
    }

    [Theory]
    [InlineData(new string[0], null)]
    [InlineData(new[] { "a" }, "\"a\"")]
    [InlineData(new[] { "a", "b" }, """["a","b"]""")]
    public void C29_One_audience_is_a_string_and_several_are_an_array(string[] audience, string? expected) =>
        Member(Minimal with { Audience = audience }, "aud").ShouldBe(expected);

    [Theory]
    [InlineData(0L)]
    [InlineData(-1L)]
    [InlineData(9_007_199_254_740_993L)]
    [InlineData(long.MaxValue)]
    public void C25_Times_are_integers_of_seconds(long time)
    {
        var record = Minimal with { IssuedAt = time, NotBefore = time, ExpiresAt = time };
        foreach (var name in new[] { "iat", "nbf", "exp" }) Member(record, name).ShouldBe(time.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void L09_A_refresh_token_has_no_token_type() => Member(Minimal with { Kind = TokenKind.RefreshToken }, "token_type").ShouldBeNull();

    [Theory]
    [InlineData("\"\\", """
        "\"\\"
        """)]
    [InlineData("a\nb\u0001", """
        "a\nb\u0001"
        """)]
    [InlineData("é+<>&'/", """
        "é+<>&'/"
        """)]
    [InlineData("😀", """
        "\uD83D\uDE00"
        """)]
    public void C20_Text_is_utf8_and_escaped_only_where_json_needs_it(string subject, string expected) =>
        Member(Minimal with { Subject = subject }, "sub").ShouldBe(expected);

    [Fact]
    public void C20_Any_text_survives_and_no_byte_order_mark_is_written() => Properties.Hold(Properties.Text, text =>
    {
        var bytes = Bytes(Minimal with { Subject = text, Username = text, ClientId = text, Jti = text, Audience = [text, text] });
        bytes[0].ShouldBe((byte)'{');
        using var json = JsonDocument.Parse(bytes);
        foreach (var name in new[] { "sub", "username", "client_id", "jti" }) json.RootElement.GetProperty(name).GetString().ShouldBe(text);
        json.RootElement.GetProperty("aud").EnumerateArray().Select(item => item.GetString()).ShouldBe([text, text]);
    });

    [Fact]
    public void C43_Text_that_is_no_unicode_still_makes_valid_json() => Properties.Hold(Properties.Chars, text =>
    {
        IntrospectionAnswer.TryRead(Bytes(Minimal with { Subject = text }), out var answer).ShouldBeTrue();
        answer!.IsActive.ShouldBeTrue();
    });

    [Fact]
    public void An_answer_is_appended_to_what_the_buffer_holds()
    {
        var output = new ArrayBufferWriter<byte>();
        IntrospectionResponse.WriteActive(output, Minimal);
        IntrospectionResponse.WriteActive(output, Minimal);
        Encoding.UTF8.GetString(output.WrittenSpan).ShouldBe(Write(Minimal) + Write(Minimal));
    }

    private static string? Member(TokenRecord record, string name)
    {
        using var json = JsonDocument.Parse(Bytes(record));
        return json.RootElement.TryGetProperty(name, out var value) ? value.GetRawText() : null;
    }

    private static string Write(TokenRecord record) => Encoding.UTF8.GetString(Bytes(record));

    private static byte[] Bytes(TokenRecord record)
    {
        var output = new ArrayBufferWriter<byte>();
        IntrospectionResponse.WriteActive(output, record);
        return output.WrittenSpan.ToArray();
    }
}
