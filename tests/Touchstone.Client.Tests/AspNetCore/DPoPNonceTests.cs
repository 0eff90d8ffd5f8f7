using System.Net;
using System.Security.Cryptography;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>Nonces of an API (RFC 9449 §9).</summary>
public sealed class DPoPNonceTests
{
    private readonly DPoPKey _key = new();

    [Fact]
    public async Task O12_O32_A_proof_without_the_nonce_is_told_one_and_with_it_let_in()
    {
        await using var api = await BoundApi.StartAsync(options => options.DPoP.RequireNonce = true);
        var token = api.Token(_key);
        var refused = await api.ProveAsync(_key, token);
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        refused.Challenge("DPoP").ShouldContain("error=\"use_dpop_nonce\"");
        refused.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var nonce = refused.Headers.GetValues("DPoP-Nonce").Single();

        var passed = await api.ProveAsync(_key, token, nonce: nonce);
        passed.StatusCode.ShouldBe(HttpStatusCode.OK);
        passed.Headers.Contains("DPoP-Nonce").ShouldBeFalse();
        (await api.ProveAsync(_key, token)).Challenge("DPoP").ShouldContain("use_dpop_nonce");
        (await api.ProveAsync(_key, token, nonce: nonce[..^1] + (nonce[^1] == 'A' ? 'B' : 'A'))).Challenge("DPoP").ShouldContain("use_dpop_nonce");
    }

    [Fact]
    public async Task O12_A_nonce_that_is_soon_over_is_followed_by_another_in_an_answer_that_is_not_kept()
    {
        await using var api = await BoundApi.StartAsync(options => options.DPoP.RequireNonce = true);
        var token = api.Token(_key);
        var nonce = (await api.ProveAsync(_key, token)).Headers.GetValues("DPoP-Nonce").Single();
        api.Time.Advance(TimeSpan.FromSeconds(200));
        var aging = await api.ProveAsync(_key, token, nonce: nonce);
        (aging.StatusCode, aging.Headers.CacheControl!.NoStore).ShouldBe((HttpStatusCode.OK, true));
        var next = aging.Headers.GetValues("DPoP-Nonce").Single();
        api.Time.Advance(TimeSpan.FromSeconds(100));
        (await api.ProveAsync(_key, token, nonce: nonce)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await api.ProveAsync(_key, token, nonce: next)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task O12_Processes_that_share_a_key_share_nonces_and_others_do_not()
    {
        var shared = RandomNumberGenerator.GetBytes(32);
        await using var one = await BoundApi.StartAsync(options => (options.DPoP.RequireNonce, options.DPoP.NonceKey) = (true, shared));
        await using var two = await BoundApi.StartAsync(options => (options.DPoP.RequireNonce, options.DPoP.NonceKey) = (true, shared));
        await using var other = await BoundApi.StartAsync(options => options.DPoP.RequireNonce = true);
        var nonce = (await one.ProveAsync(_key, one.Token(_key))).Headers.GetValues("DPoP-Nonce").Single();
        (await two.ProveAsync(_key, two.Token(_key), nonce: nonce)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await other.ProveAsync(_key, other.Token(_key), nonce: nonce)).Challenge("DPoP").ShouldContain("use_dpop_nonce");
    }
}
