using Touchstone.Protocol.Leases;

namespace Touchstone.Server.Tests.Feed;

/// <summary>What answers have for those who follow, and for nobody else.</summary>
public sealed class FollowedAnswerTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task I10_A_plain_client_sees_none_of_it()
    {
        var token = await acme.TokenAsync();
        foreach (var answer in (Answer[])[await acme.OAuth.IntrospectAsync(token, acme.Orders), await acme.OAuth.IntrospectAllAsync(acme.Orders, token)])
        {
            answer.HeaderNames.ShouldNotContain(name => name.StartsWith("Touchstone", StringComparison.OrdinalIgnoreCase));
            answer.Text.ShouldNotContain("tags");
        }
    }

    [Fact]
    public async Task An_answer_to_a_follower_is_the_plain_answer_with_two_headers()
    {
        var token = await acme.TokenAsync();
        var plain = await acme.OAuth.IntrospectAsync(token, acme.Orders);
        var (answer, tags, asOf) = await new Poller(acme.Server.Http, acme.Orders).IntrospectAsync(token);
        answer.Text.ShouldBe(plain.Text);
        answer.HeaderNames.Except(plain.HeaderNames).ShouldBe(["Touchstone-As-Of", "Touchstone-Tags"], ignoreOrder: true);
        tags.ShouldBeUnique();
        asOf.ShouldNotBeNull();
    }

    [Fact]
    public async Task I12_Inactive_answers_are_one_and_the_same()
    {
        var revoked = await acme.TokenAsync();
        await acme.OAuth.RevokeAsync(revoked, acme.Shop);
        var poller = new Poller(acme.Server.Http, acme.Orders);
        var shapes = new List<string>();
        foreach (var token in (string[])[revoked, "unknown", await acme.RefreshTokenAsync("g-inactive"), await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.BillingApi })])
        {
            var (answer, tags, asOf) = await poller.IntrospectAsync(token);
            tags.ShouldBeEmpty();
            asOf.ShouldNotBeNull();
            shapes.Add(answer.Text + string.Join(',', answer.HeaderNames));
        }
        shapes.Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task An_answer_about_a_refresh_token_is_nothing_to_keep()
    {
        var (answer, tags, asOf) = await new Poller(acme.Server.Http, acme.Shop).IntrospectAsync(await acme.RefreshTokenAsync("g-follow"));
        answer.Json.GetProperty("active").GetBoolean().ShouldBeTrue();
        tags.ShouldBeEmpty();
        asOf.ShouldBeNull();
    }

    [Fact]
    public async Task A_batch_lists_the_tags_of_each_token()
    {
        var (first, second) = (await acme.TokenAsync(), await acme.TokenAsync());
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Batch) { Content = new FormUrlEncodedContent([new("token", first), new("token", "unknown"), new("token", second)]) };
        request.Headers.TryAddWithoutValidation("Authorization", acme.Orders.Basic);
        request.Headers.Add("Touchstone-Follow", "1");
        var answer = (await acme.OAuth.SendAsync(request)).ShouldBeJson(200, "Touchstone-As-Of");
        answer.Header("Touchstone-As-Of").ShouldNotBeNull();
        answer.Header("Touchstone-Tags").ShouldBeNull();
        string[][] tags = [.. answer.Json.GetProperty("tags").EnumerateArray().Select(one => one.EnumerateArray().Select(tag => tag.GetString()!).ToArray())];
        var poller = new Poller(acme.Server.Http, acme.Orders);
        tags.ShouldBe([(await poller.IntrospectAsync(first)).Tags, [], (await poller.IntrospectAsync(second)).Tags]);
    }

    [Fact]
    public async Task A_node_that_knows_less_than_the_follower_does_not_answer()
    {
        var poller = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        LogCursor.TryParse(poller.Head, out var head).ShouldBeTrue();
        var token = await acme.TokenAsync();
        poller.Head = new LogCursor(head.Epoch, head.Seq + 1, Guid.NewGuid()).ToString();
        (await poller.IntrospectAsync(token)).Answer.ShouldBeError(503, "temporarily_unavailable").Header("Retry-After").ShouldBe("1");
        // Of another life of the log: the follower is behind, and sees it by the answer.
        poller.Head = new LogCursor(Guid.NewGuid(), 1, Guid.NewGuid()).ToString();
        (await poller.IntrospectAsync(token)).AsOf.ShouldNotBeNull().ShouldStartWith($"{head.Epoch:N}.");
        poller.Head = "17";
        (await poller.IntrospectAsync(token)).Answer.ShouldBeError(400, "invalid_request");
    }

    [Fact]
    public async Task The_state_is_taken_before_anything_is_judged()
    {
        var (server, store) = await Storage.ProbedStore.StartAsync();
        await using var _ = server;
        var caller = await server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        await server.Admin.AddClientAsync(new { client_id = "shop", kind = "client" });
        var token = await server.Admin.IssueAsync(new { client_id = "shop", aud = Acme.OrdersApi });
        var poller = await new Poller(server.Http, caller).StartedAsync();
        LogCursor.TryParse(poller.Head, out var before).ShouldBeTrue();
        // Between the look-up and the answer the log goes on.
        store.AfterFind = async () =>
        {
            store.AfterFind = () => Task.CompletedTask;
            (await server.Admin.PostAsync(AdminCalls.Revocations, new { grant = "g-1" })).Status.ShouldBe(200);
        };
        (await poller.IntrospectAsync(token)).AsOf.ShouldBe($"{before.Epoch:N}.{before.Seq}");
    }
}
