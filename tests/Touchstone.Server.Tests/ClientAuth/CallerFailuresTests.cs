using Microsoft.AspNetCore.Http;
using Touchstone.Server.ClientAuth;

namespace Touchstone.Server.Tests.ClientAuth;

public sealed class CallerFailuresTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task A_refusal_tells_time_reason_method_and_address_the_newest_first()
    {
        await acme.OAuth.IntrospectAsync("x", new TestClient("rs-orders", "wrong"));
        await acme.OAuth.PostAsync(OAuthCalls.Revoke, acme.Orders, ("token", "x"), ("client_secret", acme.Orders.Secret!), ("client_id", "rs-orders"));
        var items = (await acme.Admin.GetAsync($"{AdminCalls.Clients}/rs-orders/failures")).Json.GetProperty("items").EnumerateArray().ToArray();
        items.Length.ShouldBe(2);
        items[0].GetRawText().ShouldBe($$"""{"at":{{acme.Time.Seconds}},"reason":"credentials_ambiguous","address":"127.0.0.1","path":"/oauth/revoke","client_id":"rs-orders"}""");
        items[1].GetRawText().ShouldBe($$"""{"at":{{acme.Time.Seconds}},"reason":"wrong_secret","method":"client_secret_basic","address":"127.0.0.1","path":"/oauth/introspect","client_id":"rs-orders"}""");
    }

    [Fact]
    public async Task Names_that_no_client_has_are_known_for_a_while_too()
    {
        (await acme.Admin.GetAsync($"{AdminCalls.Clients}/typo-orders/failures")).ShouldBeProblem(404);
        await acme.OAuth.IntrospectAsync("x", new TestClient("typo-orders", "wrong"));
        (await acme.Server.LastFailureAsync("typo-orders")).ShouldBe("unknown_client");
        (await acme.Admin.GetAsync($"{AdminCalls.Clients}/rs-billing/failures")).Json.GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public void All_of_it_is_bounded()
    {
        var failures = new CallerFailures(new ManualTime());
        var http = new DefaultHttpContext();
        for (var i = 0; i < 100; i++) failures.Add("one", "", ClientAuthResult.Fail(AuthFailure.WrongSecret), http);
        failures.Of("one", isKnown: true).Count.ShouldBe(CallerFailures.PerClient);
        for (var i = 0; i < 2 * CallerFailures.MaxClients; i++) failures.Add($"client {i}", "", ClientAuthResult.Fail(AuthFailure.WrongSecret), http);
        Enumerable.Range(0, 2 * CallerFailures.MaxClients).Count(i => failures.Of($"client {i}", isKnown: true).Count > 0).ShouldBeLessThanOrEqualTo(CallerFailures.MaxClients);
        for (var i = 0; i < 1000; i++) failures.Add(null, "nobody", ClientAuthResult.Fail(AuthFailure.UnknownClient), http);
        failures.Of("nobody", isKnown: false).Count.ShouldBe(CallerFailures.MaxUnknown);
        failures.Add(null, "a\n" + new string('x', 1000), ClientAuthResult.Fail(AuthFailure.UnknownClient), http);
        failures.Of("a?" + new string('x', 198), isKnown: false).Count.ShouldBe(1);
    }

    [Fact]
    public void Every_reason_has_a_name_of_its_own()
    {
        var names = Enum.GetValues<AuthFailure>().Select(failure => ClientAuthResult.Fail(failure).Reason).ToArray();
        names.ShouldBeUnique();
    }
}
