namespace Touchstone.Client.Tests;

/// <summary>What a server that is not ours may answer, and how it is kept where there is no feed.</summary>
public sealed class AnswerTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task I16_I48_Without_a_feed_an_answer_is_kept_for_PlainTtl()
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
    [InlineData("public, max-age=86400")]
    [InlineData("no-store")]
    public async Task C17_What_HTTP_says_of_caching_makes_it_neither_longer_nor_shorter(string said)
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http =>
        {
            (http.Response.Headers.CacheControl, http.Response.Headers.ContentLocation, http.Response.Headers.ETag) = (said, "/introspect", "\"1\"");
            return OtherServer.AnswerAsync(http, OtherServer.Active);
        };
        await using var client = server.Client(time: _time);
        await client.IntrospectAsync("t");
        _time.Advance(TimeSpan.FromSeconds(9.9));
        (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Memory);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Server);
        server.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task I16_Where_nothing_is_to_be_kept_each_check_asks()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options => (options.MaxEntries, options.MaxNegativeEntries) = (0, 0), _time);
        for (var i = 1; i <= 2; i++)
        {
            (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Server);
            server.Calls.ShouldBe(i);
        }
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        for (var i = 3; i <= 4; i++)
        {
            (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Server);
            server.Calls.ShouldBe(i);
        }
        (client.Held.Active.Count, client.Held.Inactive.Count).ShouldBe((0, 0));
    }

    [Fact]
    public async Task I49_What_becomes_valid_later_is_refused_no_longer_than_NegativeTtl()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options => options.Policy = new() { PlainTtl = TimeSpan.FromHours(1) }, _time);
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        (await client.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Active);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        (await client.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        (await client.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.Active);
    }

    [Fact]
    public async Task I52_Without_a_feed_a_token_that_was_revoked_is_accepted_no_longer_than_PlainTtl()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client(options => options.Policy = new() { PlainTtl = TimeSpan.FromSeconds(30) }, _time);
        (await client.IntrospectAsync("t")).IsActive.ShouldBeTrue();
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        // However often it is used meanwhile: a use makes it no younger.
        for (var i = 0; i < 29; i++)
        {
            _time.AdvanceSeconds(1);
            (await client.IntrospectAsync("t")).Source.ShouldBe(IntrospectionSource.Memory);
        }
        _time.AdvanceSeconds(1);
        (await client.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public async Task C27_Clocks_may_differ_by_the_leeway_where_a_token_begins_and_not_where_it_ends()
    {
        await using var server = await OtherServer.StartAsync();
        foreach (var (ahead, isActive) in new[] { (5, true), (6, false) })
        {
            server.Behavior = http => OtherServer.AnswerAsync(http, $$"""{"active":true,"nbf":{{_time.Seconds + ahead}},"exp":{{_time.Seconds + 60}}}""");
            await using var client = server.Client(time: _time);
            (await client.IntrospectAsync("t")).IsActive.ShouldBe(isActive, $"nbf {ahead} s ahead");
        }
        server.Behavior = http => OtherServer.AnswerAsync(http, $$"""{"active":true,"exp":{{_time.Seconds}}}""");
        await using var patient = server.Client(options => options.Leeway = TimeSpan.FromMinutes(5), _time);
        (await patient.IntrospectAsync("t")).IsActive.ShouldBeFalse();
        Should.Throw<ArgumentException>(() => server.Client(options => options.Leeway = TimeSpan.FromSeconds(301))).Message.ShouldContain("Leeway");
    }

    [Fact]
    public async Task L24_A_scan_of_tokens_that_nobody_issued_evicts_no_good_answer_and_takes_no_more_than_its_own_room()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, http.Request.Form["token"].ToString().StartsWith("good", StringComparison.Ordinal) ? OtherServer.Active : OtherServer.Inactive);
        await using var client = server.Client(options => (options.MaxEntries, options.MaxNegativeEntries) = (20, 50), _time);
        for (var i = 0; i < 20; i++) await client.IntrospectAsync("good " + i);
        for (var i = 0; i < 1000; i++)
        {
            (await client.IntrospectAsync("made up " + i)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
            client.Held.Inactive.Count.ShouldBeLessThanOrEqualTo(50);
        }
        for (var i = 0; i < 20; i++) (await client.IntrospectAsync("good " + i)).Source.ShouldBe(IntrospectionSource.Memory);
        (client.Held.Active.Count, client.Held.Active.Evicted).ShouldBe((20, 0));
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
    public async Task I48_An_answer_whose_exp_is_over_is_inactive()
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
