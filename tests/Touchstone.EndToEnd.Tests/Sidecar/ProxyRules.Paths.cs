using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Touchstone.Sidecar.Tests.Rules;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>L40: what a path is.</summary>
public abstract partial class ProxyRules<T>
{
    private static readonly string[] Others =
    [
        "/ORDERS", "/Orders/17", "/orders/", "/orders.", "/orders;a=b", "/orders/17;a=b", "/orders/17/lines", "/orders/17/../18", "/orders%2f17", "/orders/17%2flines", "/orders/%5c", "/orders\\17", "//orders", "/./orders", "/orders//17",
        "/orders/%2525", "/orders/17%00", "/orders/17#", "/orders#/17", "/orders/" + new string('a', 40_000), "/" + string.Concat(Enumerable.Repeat("%6frders/", 3_000)), "/orders/17%0d%0aX-User:%20root",
    ];

    // Bytes that are no UTF-8, overlong ones among them.
    private static readonly string[] Latin = ["/orders/\u00ff", "/orders/\u00c0\u00ae\u00c0\u00ae/x", "/\u00c0\u00afhealthz", "/orders/\u00e0\u0080\u00ae", "/orders/caf\u00e9", "/healthz\u00a0", "/\u00fe\u00ff"];

    [Fact]
    public async Task L40_Whatever_a_path_is_called_whoever_has_a_token_reaches_what_a_rule_names_and_nothing_else()
    {
        var token = await proxy.IssueAsync();
        Site.Service.Clear();
        var refused = await RefusedAsync(target => target.Replace("/public", "/orders", StringComparison.Ordinal), token);
        refused.ShouldBeGreaterThan(250);
        foreach (var request in Site.Service.Requests) Canonical().IsMatch(request.Target).ShouldBeTrue(request.Target);

        // The query is none of it.
        var asked = await ProxyUnderTest.AskAsync("/orders/17?next=/../admin%2f&x=%00#", token);
        if (asked.Status != 200) ShouldBeRefused(asked, "a fragment");
        (await ProxyUnderTest.AskAsync("/orders/17?next=/../admin%2f;x=//", token)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task L40_From_where_anybody_may_nobody_gets_anywhere_else()
    {
        Site.Service.Clear();
        var refused = await RefusedAsync(static target => target.Replace("/public", "/healthz", StringComparison.Ordinal).Replace("admin", "orders", StringComparison.Ordinal), null);
        refused.ShouldBeGreaterThan(250);
        foreach (var request in Site.Service.Requests) request.Target.ShouldBe("/healthz");

        // Methods are part of it: in capitals, and the ones that a rule names.
        var token = await proxy.IssueAsync();
        Site.Service.Clear();
        foreach (var method in new[] { "get", "Get", "DELETE", "PATCH", "PROPFIND", "GET:", "G\u0000T", "TRACE", "CONNECT" }) ShouldBeRefused(await ProxyUnderTest.AskAsync("/orders/17", token, method: method), method);
        Site.Service.Requests.ShouldBeEmpty();
    }

    private static async Task<int> RefusedAsync(Func<string, string> name, string? token)
    {
        var refused = 0;
        var strange = new ConcurrentBag<string>();
        var targets = Traversals.All.Concat(Others).Select(target => (Target: name(target), IsLatin: false)).Concat(Latin.Select(static target => (Target: target, IsLatin: true)));
        await Parallel.ForEachAsync(targets, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (asked, _) =>
        {
            var answer = await ProxyUnderTest.AskAsync(asked.Target, token, isLatin: asked.IsLatin);
            if (Refusals.Contains(answer.Status)) Interlocked.Increment(ref refused);
            else if (answer.Status != 200) strange.Add($"{answer.Status} {asked.Target}");
        });
        strange.ShouldBeEmpty();
        return refused;
    }

    // What the rules of the sample name, as a service reads it without a second look.
    [GeneratedRegex("^/orders(/(?!%2[eE]|%2[fF]|%5[cC]|\\.)[A-Za-z0-9_~$&'()*+,=:@!%-]+)?$")]
    private static partial Regex Canonical();
}
