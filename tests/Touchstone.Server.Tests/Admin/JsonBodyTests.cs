using System.Net.Http.Headers;
using System.Text;

namespace Touchstone.Server.Tests.Admin;

/// <summary>How every admin endpoint that takes a body reads it.</summary>
public sealed class JsonBodyTests(Acme acme) : IClassFixture<Acme>
{
    public static TheoryData<string> Endpoints => [AdminCalls.Clients, AdminCalls.Tokens, AdminCalls.LookUp, AdminCalls.Revocations, "/admin/clients/web-shop/rotate-secret"];

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C04_Another_media_type_is_415(string endpoint)
    {
        foreach (var type in (string?[])[null, "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json-patch+json", "application/problem+json"])
        {
            (await PostAsync(endpoint, "{}"u8.ToArray(), type)).ShouldBeProblem(415, "Send application/json.");
        }
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C23_A_charset_may_stand_beside_the_media_type(string endpoint)
    {
        foreach (var type in (string[])["application/json; charset=utf-8", "application/json;charset=UTF-8", "APPLICATION/JSON", "application/json "])
        {
            (await PostAsync(endpoint, "nonsense"u8.ToArray(), type)).ShouldBeProblem(400);
        }
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task What_is_not_JSON_is_400(string endpoint)
    {
        foreach (var body in (string[])["{", "}", "{'a':1}", "{\"a\":}", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":0x1}", "{\"a\":1,}", "{} {}", "/**/{}", "{\"a\":\"\t\"}", "{\"a\":\"\\x\"}", "\u0000"])
        {
            (await PostAsync(endpoint, Encoding.UTF8.GetBytes(body))).ShouldBeProblem(400).GetProperty("detail").GetString()!.ShouldStartWith("The body is not readable JSON");
        }
    }

    [Theory]
    [InlineData("{", "it stops being JSON at line 1, byte 2")]
    [InlineData("{\"a\":[", "it stops being JSON at line 1, byte 7")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "it is nested too deeply")]
    public async Task What_is_wrong_with_it_is_told_as_it_is(string body, string told) =>
        (await PostAsync(AdminCalls.Clients, Encoding.UTF8.GetBytes(body))).ShouldBeProblem(400, "The body is not readable JSON: " + told);

    [Theory, MemberData(nameof(Endpoints))]
    public async Task What_is_JSON_of_another_shape_is_400(string endpoint)
    {
        foreach (var body in (string[])["null", "1", "\"x\"", "true", "[[]]", "[null]"])
        {
            var detail = (await PostAsync(endpoint, Encoding.UTF8.GetBytes(body))).ShouldBeProblem(400).GetProperty("detail").GetString()!;
            detail.ShouldBe("The body does not have the shape that this needs.");
        }
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task Unknown_members_are_refused_by_name(string endpoint)
    {
        var problem = (await PostAsync(endpoint, """{"client_id":"x","kind":"client","Client_id":"y"}"""u8.ToArray())).ShouldBeProblem(400);
        problem.GetProperty("errors")[0].GetProperty("detail").GetString().ShouldBe("a member of this name is not known");
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C20_Half_a_surrogate_pair_is_refused_in_values_and_names(string endpoint)
    {
        foreach (var body in (string[])["{\"client_id\":\"\\ud800\"}", "{\"\\udc00\":1}", "{\"a\":{\"b\":[\"\\ud800\\ud800\"]}}", "[{\"client_id\":\"x\",\"sub\":\"\\udfff\"}]"])
        {
            (await PostAsync(endpoint, Encoding.UTF8.GetBytes(body))).ShouldBeProblem(400);
        }
        acme.Server.Logs.Failures.ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C20_Bytes_that_are_not_UTF_8_are_refused(string endpoint)
    {
        foreach (var bytes in (byte[][])[[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]])
        {
            (await PostAsync(endpoint, [.. "{\"client_id\":\""u8, .. bytes, .. "\"}"u8])).ShouldBeProblem(400);
        }
        acme.Server.Logs.Failures.ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task Very_deep_JSON_is_refused(string endpoint)
    {
        (await PostAsync(endpoint, Encoding.ASCII.GetBytes("{\"claims\":" + string.Concat(Enumerable.Repeat("[", 40)) + string.Concat(Enumerable.Repeat("]", 40)) + "}"))).ShouldBeProblem(400);
        (await PostAsync(endpoint, Encoding.ASCII.GetBytes(new string('[', 100_000)))).ShouldBeProblem(400);
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C05_A_body_over_4_MiB_is_413(string endpoint)
    {
        var head = $"POST {endpoint} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {await acme.Admin.TokenAsync()}\r\nContent-Type: application/json\r\n";
        var told = await RawHttp.SendAsync(acme.Server.Address, Encoding.ASCII.GetBytes(head + "Content-Length: 4194305\r\n\r\n{"));
        told.ShouldBeProblem(413, "The body is too large.");
        var chunk = $"10000\r\n{new string(' ', 65536)}\r\n";
        var untold = await RawHttp.SendAsync(acme.Server.Address, Encoding.ASCII.GetBytes(head + "Transfer-Encoding: chunked\r\n\r\n" + string.Concat(Enumerable.Repeat(chunk, 65))));
        untold.ShouldBeProblem(413, "The body is too large.");
    }

    [Fact]
    public async Task Huge_arrays_and_many_members_are_refused_quickly()
    {
        (await PostAsync(AdminCalls.Tokens, Encoding.ASCII.GetBytes("[" + string.Join(',', Enumerable.Repeat("1", 500_000)) + "]"))).ShouldBeProblem(400, "Send one token, or an array of 1 to 1000.");
        (await PostAsync(AdminCalls.Clients, Encoding.ASCII.GetBytes("{" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"{i}\":0")) + "}"))).ShouldBeProblem(400);
    }

    [Theory]
    [InlineData("""{"kind":"client"}""", "client_id")]
    [InlineData("""{"client_id":"x"}""", "kind")]
    public async Task Required_members_that_are_missing_are_named(string body, string member) =>
        (await PostAsync(AdminCalls.Clients, Encoding.UTF8.GetBytes(body))).ShouldBeProblem(400).GetProperty("errors")[0].GetProperty("detail").GetString()!.ShouldContain(member);

    [Theory]
    [InlineData(AdminCalls.Clients, """{"client_id":5,"kind":"client"}""", "client_id")]
    [InlineData(AdminCalls.Clients, """{"client_id":"x","kind":"client","audience":"https://a.test"}""", "audience")]
    [InlineData(AdminCalls.Tokens, """{"client_id":"x","exp":"soon"}""", "exp")]
    [InlineData(AdminCalls.Tokens, """{"client_id":"x","exp":1.5}""", "exp")]
    [InlineData(AdminCalls.Tokens, """{"client_id":"x","exp":1e400}""", "exp")]
    [InlineData(AdminCalls.Tokens, """{"client_id":"x","exp":99999999999999999999}""", "exp")]
    [InlineData("/admin/clients/web-shop/rotate-secret", """{"overlap_seconds":"1"}""", "overlap_seconds")]
    public async Task A_value_of_the_wrong_type_names_its_member(string endpoint, string body, string member)
    {
        var problem = (await PostAsync(endpoint, Encoding.UTF8.GetBytes(body))).ShouldBeProblem(400);
        problem.Faults().ShouldBe([member]);
        problem.GetProperty("errors")[0].GetProperty("detail").GetString().ShouldBe("the value has the wrong type");
    }

    [Theory]
    [InlineData(AdminCalls.Clients, """{"client_id":null,"kind":"client"}""")]
    [InlineData(AdminCalls.Clients, """{"kind":"client"}""")]
    [InlineData(AdminCalls.Tokens, """{"client_id":[]}""")]
    [InlineData(AdminCalls.Tokens, """[1]""")]
    [InlineData(AdminCalls.LookUp, """{"token":5}""")]
    [InlineData(AdminCalls.LookUp, """{"tokens":5}""")]
    public async Task No_answer_names_a_type_of_ours(string endpoint, string body) =>
        (await PostAsync(endpoint, Encoding.UTF8.GetBytes(body))).Text.ShouldNotContain("Touchstone.");

    private async Task<Answer> PostAsync(string endpoint, byte[] body, string? type = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ByteArrayContent(body) };
        if (type is not null) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await acme.Admin.TokenAsync());
        return await acme.OAuth.SendAsync(request);
    }
}
