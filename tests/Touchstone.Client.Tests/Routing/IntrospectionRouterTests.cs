using System.Buffers.Text;
using System.Text;

namespace Touchstone.Client.Tests.Routing;

/// <summary>Several servers, each with its own client.</summary>
public sealed class IntrospectionRouterTests
{
    [Theory]
    [InlineData("one_abc", 1, 0)]
    [InlineData("one_two_abc", 0, 1)]
    [InlineData("other", 1, 1)]
    public async Task The_beginning_of_a_token_says_whom_to_ask(string token, int first, int second)
    {
        await using var one = await InactiveAsync();
        await using var two = await InactiveAsync();
        await using var ofOne = one.Client();
        await using var ofTwo = two.Client();
        var router = new IntrospectionRouter([new(ofOne) { TokenPrefix = "one_" }, new(ofTwo) { TokenPrefix = "one_two_" }, new(ofOne), new(ofTwo)]);
        (await router.IntrospectAsync(token)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        (one.Calls, two.Calls).ShouldBe((first, second));
    }

    [Fact]
    public async Task The_issuer_that_a_JWT_names_says_whom_to_ask_and_nothing_more()
    {
        await using var one = await InactiveAsync();
        await using var two = await OtherServer.StartAsync();
        await using var ofOne = one.Client();
        await using var ofTwo = two.Client();
        var router = new IntrospectionRouter([new(ofOne) { JwtIssuer = "https://one.test" }, new(ofTwo)]);
        (await router.IntrospectAsync(Jwt("""{"aud":["x",{"iss":"https://two.test"}],"iss":"https://one.test"}"""))).IsActive.ShouldBeFalse();
        (one.Calls, two.Calls).ShouldBe((1, 0));
        foreach (var other in new[] { Jwt("""{"iss":"https://two.test"}"""), Jwt("""{"iss":5}"""), Jwt("""{"iss":"""), Jwt("""{"\ud800":1}"""), Jwt("[]"), Jwt(""), "eyJ.x", "eyJ..", "eyJ.%.x", "opaque" }) (await router.IntrospectAsync(other)).IsActive.ShouldBeTrue(other);
        one.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task L20_Active_at_one_of_them_is_active_in_either_order_and_the_answers_of_one_are_not_the_others()
    {
        await using var one = await OtherServer.StartAsync();
        await using var two = await InactiveAsync();
        foreach (var isFirst in new[] { true, false })
        {
            await using var ofOne = one.Client();
            await using var ofTwo = two.Client();
            var router = new IntrospectionRouter(isFirst ? [new(ofOne), new(ofTwo)] : [new(ofTwo), new(ofOne)]);
            (await router.IntrospectAsync("t")).IsActive.ShouldBeTrue();
            (await ofTwo.IntrospectAsync("t")).IsActive.ShouldBeFalse();
            router.TryIntrospect("t", null, out var known).ShouldBeTrue();
            (known.IsActive, known.Source).ShouldBe((true, IntrospectionSource.Memory));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_dead_one_harms_no_token_of_another_and_makes_none_inactive(bool isDeadFirst)
    {
        await using var dead = await OtherServer.StartAsync();
        dead.Behavior = http => OtherServer.RefuseAsync(http, 500);
        await using var living = await OtherServer.StartAsync();
        await using var ofDead = dead.Client();
        await using var ofLiving = living.Client();
        var router = new IntrospectionRouter(isDeadFirst ? [new(ofDead), new(ofLiving)] : [new(ofLiving), new(ofDead)]);
        (await router.IntrospectAsync("t")).IsActive.ShouldBeTrue();
        living.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        (await router.IntrospectAsync("u")).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
        var open = new IntrospectionPolicy { FailMode = FailMode.FailOpen };
        living.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Active);
        (await router.IntrospectAsync("v", open)).Token!.Subject.ShouldBe("alice", "who was asked goes before who lets pass");
    }

    [Fact]
    public async Task Routes_that_contradict_each_other_are_refused()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client();
        foreach (var routes in new IntrospectionRoute[][] { [], [new(client) { TokenPrefix = "" }], [new(client) { TokenPrefix = "a" }, new(client) { TokenPrefix = "a" }], [new(client) { JwtIssuer = "a" }, new(client) { JwtIssuer = "a" }] })
            Should.Throw<ArgumentException>(() => new IntrospectionRouter(routes));
    }

    private static async Task<OtherServer> InactiveAsync()
    {
        var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        return server;
    }

    private static string Jwt(string payload) => $"eyJhbGciOiJub25lIn0.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.c2ln";
}
