namespace Touchstone.Client.Tests;

/// <summary>What a server that is not ours may answer, and how it is kept where there is no feed.</summary>
public sealed class AnswerTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Without_a_feed_an_answer_is_kept_for_PlainTtl()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(time: _time);
        (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Server);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Memory);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Server);
        server.Calls.ShouldBe(2);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("""{"active":"true"}""")]
    [InlineData("""{"active":1}""")]
    [InlineData("""{"active":null}""")]
    [InlineData("""{"active":[true]}""")]
    [InlineData("""{"active":true,"active":false}""")]
    [InlineData("""{"active":true,"exp":"never"}""")]
    [InlineData("""{"active":true,"scope":17}""")]
    [InlineData("""{"active":true,"aud":[17]}""")]
    public async Task L23_What_is_no_answer_is_denied_and_not_kept(string body)
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, body);
        await using var client = server.Client();
        for (var i = 1; i <= 2; i++)
        {
            var result = await client.IntrospectAsync("t");
            (result.Outcome, result.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.Malformed));
            server.Calls.ShouldBe(i);
        }
    }

    [Fact]
    public async Task I46_An_answer_of_another_media_type_is_none()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Active, "text/html");
        await using var client = server.Client();
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Malformed);
    }

    [Fact]
    public async Task An_answer_without_end_is_none()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = async http =>
        {
            http.Response.ContentType = "application/json";
            var piece = new byte[64 << 10];
            piece.AsSpan().Fill((byte)' ');
            for (var i = 0; i < 64 && !http.RequestAborted.IsCancellationRequested; i++) await http.Response.Body.WriteAsync(piece, http.RequestAborted);
        };
        await using var client = server.Client();
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Malformed);
    }

    [Theory]
    [InlineData("""{"active":true,"scope":["a","b"]}""")]
    [InlineData("""{"active":true,"scope":"a b"}""")]
    [InlineData("""{"active":true,"scope":"  a   b "}""")]
    public async Task Scope_may_be_a_text_or_an_array(string body)
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, body);
        await using var client = server.Client();
        (await client.IntrospectAsync("t")).Token!.Scopes.ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task L27_A_missing_exp_does_not_keep_an_answer_from_being_kept()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, """{"active":true}""");
        await using var client = server.Client();
        await client.IntrospectAsync("t");
        (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Memory);
    }

    [Fact]
    public async Task An_answer_whose_exp_is_over_is_inactive()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, $$"""{"active":true,"exp":{{_time.Seconds}}}""");
        await using var client = server.Client(time: _time);
        (await client.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        client.Held.Active.Count.ShouldBe(0);
    }

    [Fact]
    public async Task The_caller_proves_itself_with_every_method()
    {
        await using var server = await OtherServer.StartAsync();
        var seen = new List<string>();
        server.Behavior = async http =>
        {
            var form = await http.Request.ReadFormAsync();
            seen.Add($"{http.Request.Headers.Authorization}|{form["client_id"]}|{form["client_secret"]}|{form["token"]}");
            await OtherServer.AnswerAsync(http, OtherServer.Active);
        };
        var methods = new[] { ClientAuthentication.Basic("r s", "a+b:c"), ClientAuthentication.Post("rs", "secret"), ClientAuthentication.Bearer(_ => new("at.1")) };
        foreach (var method in methods)
        {
            await using var client = server.Client(options => (options.ClientId, options.ClientSecret, options.Authentication) = (null, null, method));
            (await client.IntrospectAsync("t&u=v")).IsActive.ShouldBeTrue();
        }
        seen.ShouldBe(["Basic citzOmElMkJiJTNBYw==|||t&u=v", "|rs|secret|t&u=v", "Bearer at.1|||t&u=v"]);
    }
}
