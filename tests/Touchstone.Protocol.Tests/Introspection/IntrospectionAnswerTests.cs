using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck.Fluent;
using Touchstone.Protocol.Introspection;

namespace Touchstone.Protocol.Tests.Introspection;

public sealed class IntrospectionAnswerTests
{
    [Fact]
    public void I10_An_active_answer_is_read_with_all_its_members()
    {
        var answer = Read("""{"active":true,"sub":"u","exp":1790000600,"aud":["a","b"],"x":1.0}""").ShouldNotBeNull();
        answer.IsActive.ShouldBeTrue();
        answer.Members.GetProperty("exp").GetInt64().ShouldBe(1_790_000_600);
        answer.Members.GetProperty("aud").GetRawText().ShouldBe("""["a","b"]""");
        answer.Members.GetProperty("x").GetRawText().ShouldBe("1.0");
    }

    [Fact]
    public void I10_What_the_server_writes_is_what_the_client_reads()
    {
        var output = new ArrayBufferWriter<byte>();
        IntrospectionResponse.WriteActive(output, TokenRecords.Access);
        IntrospectionAnswer.TryRead(output.WrittenSpan, out var active).ShouldBeTrue();
        active!.IsActive.ShouldBeTrue();
        active.Members.GetProperty("client_id").GetString().ShouldBe("web-shop");
        IntrospectionAnswer.TryRead(IntrospectionResponse.Inactive, out var inactive).ShouldBeTrue();
        inactive!.IsActive.ShouldBeFalse();
    }

    [Theory]
    [InlineData("""{"active":false}""", false)]
    [InlineData("""{"active":false,"sub":"u"}""", false)]
    [InlineData(" {\n\"active\" : true } \r\n", true)]
    [InlineData("""{"sub":"u","active":true}""", true)]
    [InlineData("""{"\u0061ctive":true}""", true)]
    public void I10_A_boolean_active_is_an_answer(string json, bool active) => Read(json).ShouldNotBeNull().IsActive.ShouldBe(active);

    [Fact]
    public void C24_Members_that_are_not_understood_are_kept_and_harmless() =>
        Read("""{"active":true,"Active":false,"ACTIVE":0,"x":{"active":false}}""").ShouldNotBeNull().IsActive.ShouldBeTrue();

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"active":"true"}""")]
    [InlineData("""{"active":1}""")]
    [InlineData("""{"active":0}""")]
    [InlineData("""{"active":null}""")]
    [InlineData("""{"active":[true]}""")]
    [InlineData("""{"active":{}}""")]
    [InlineData("""{"Active":true}""")]
    [InlineData("""{"active ":true}""")]
    [InlineData("""{"x":{"active":true}}""")]
    public void L23_I46_An_active_member_that_is_absent_or_no_boolean_is_no_answer(string json) => Read(json).ShouldBeNull();

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("\"active\"")]
    [InlineData("[]")]
    [InlineData("""[{"active":true}]""")]
    [InlineData("""{"active":true""")]
    [InlineData("""{"active":true}}""")]
    [InlineData("""{"active":true}{"active":true}""")]
    [InlineData("""{"active":true} x""")]
    [InlineData("""{"active":true,}""")]
    [InlineData("""{"active":true/**/}""")]
    [InlineData("""{'active':true}""")]
    [InlineData("""{active:true}""")]
    [InlineData("""{"active":True}""")]
    [InlineData("""{"active":true,"x":01}""")]
    [InlineData("<html>active</html>")]
    public void L23_I46_What_is_not_one_json_object_is_no_answer(string json) => Read(json).ShouldBeNull();

    [Theory]
    [InlineData("""{"active":true,"active":true}""")]
    [InlineData("""{"active":false,"active":true}""")]
    [InlineData("""{"active":true,"\u0061ctive":false}""")]
    [InlineData("""{"active":true,"sub":"a","sub":"b"}""")]
    [InlineData("""{"active":true,"cnf":{"jkt":"a","jkt":"b"}}""")]
    [InlineData("""{"active":true,"x":[{"a":1,"\u0061":1}]}""")]
    public void C21_An_answer_that_says_a_member_twice_is_no_answer(string json) => Read(json).ShouldBeNull();

    [Theory]
    [InlineData("""{"active":true,"\ud800":1}""")]
    [InlineData("""{"active":true,"sub":"\ud800"}""")]
    [InlineData("""{"active":true,"sub":"\udc00\ud800"}""")]
    [InlineData("""{"active":true,"x":[{"y":"a\ud83d"}]}""")]
    public void L23_Half_a_surrogate_pair_is_no_answer_rather_than_an_exception_for_who_reads_it(string json) => Read(json).ShouldBeNull();

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC3, 0x28 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xC0, 0xAF })]
    public void C20_Bytes_that_are_not_utf8_are_no_answer(byte[] bytes)
    {
        IntrospectionAnswer.TryRead([.. "{\"active\":true,\"sub\":\""u8, .. bytes, .. "\"}"u8], out var value).ShouldBeFalse();
        IntrospectionAnswer.TryRead([.. "{\"active\":true,\""u8, .. bytes, .. "\":1}"u8], out var name).ShouldBeFalse();
        value.ShouldBeNull();
        name.ShouldBeNull();
    }

    [Fact]
    public void L23_A_bottomless_answer_is_no_answer() => Read("""{"active":true,"x":""" + new string('[', 5000) + new string(']', 5000) + "}").ShouldBeNull();

    [Fact]
    public void L23_No_bytes_make_the_reader_throw()
    {
        var pieces = Properties.From(
            "{", "}", "[", "]", ":", ",", "\"active\"", "\"sub\"", "true", "false", "null", "1", "1e3", "\"\\ud800\"", "\"\\u0061\"", " ", "\"", "\\");
        var inside = pieces.Select(text => $"{{\"active\":true,\"x\":{text}}}");
        Properties.Hold(Gen.OneOf(pieces, inside, Properties.Chars).Select(Encoding.UTF8.GetBytes).Or(Properties.Bytes), bytes =>
        {
            if (!IntrospectionAnswer.TryRead(bytes, out var answer))
            {
                answer.ShouldBeNull();
                return;
            }
            answer.IsActive.ShouldBe(answer.Members.GetProperty("active").GetBoolean());
            Should.NotThrow(() => ReadAll(answer.Members));
        }, runs: 5000);
    }

    [Fact]
    public void I46_Every_byte_of_an_answer_matters_to_its_reader()
    {
        var json = Encoding.UTF8.GetBytes("""{"active":true}""");
        for (var length = 0; length < json.Length; length++) IntrospectionAnswer.TryRead(json.AsSpan(0, length), out _).ShouldBeFalse();
    }

    private static void ReadAll(JsonElement element)
    {
        if (element.ValueKind is JsonValueKind.String) element.GetString();
        if (element.ValueKind is JsonValueKind.Array) foreach (var item in element.EnumerateArray()) ReadAll(item);
        if (element.ValueKind is not JsonValueKind.Object) return;
        foreach (var member in element.EnumerateObject())
        {
            member.Name.ShouldNotBeNull();
            ReadAll(member.Value);
        }
    }

    private static IntrospectionAnswer? Read(string json) => IntrospectionAnswer.TryRead(Encoding.UTF8.GetBytes(json), out var answer) ? answer : null;
}
