using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Tests.ClientAuth;
using Touchstone.Server.Tests.Nodes;
using Touchstone.Server.TokenIssue;

namespace Touchstone.Server.Tests.Rfc9449;

public sealed class TokenNonceTests
{
    private readonly Signer _key = Signer.Of("ES256", keyId: null);

    [Fact]
    public async Task O12_O13_O32_A_proof_needs_a_nonce_of_this_server()
    {
        await using var acme = await Acme.StartAsync(options => options.DPoP.RequireNonce = true);
        var nonce = (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(acme.Time.Seconds))).ShouldAskForNonce();

        var second = await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(acme.Time.Seconds, claims => claims["nonce"] = nonce));
        second.ShouldBeBound();
        second.Header("Cache-Control").ShouldBe("no-store");
        var next = second.Header("DPoP-Nonce").ShouldNotBeNull();
        (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(acme.Time.Seconds, claims => claims["nonce"] = next))).ShouldBeBound();

        (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(acme.Time.Seconds, claims => claims["nonce"] = new string('A', 32)))).ShouldAskForNonce();
    }

    [Fact]
    public async Task O13_A_nonce_ends()
    {
        await using var acme = await Acme.StartAsync(options => (options.DPoP.RequireNonce, options.DPoP.NonceLifetime) = (true, TimeSpan.FromSeconds(30)));
        var nonce = (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(acme.Time.Seconds))).Header("DPoP-Nonce")!;
        acme.Time.Advance(TimeSpan.FromSeconds(29));
        (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(acme.Time.Seconds, claims => claims["nonce"] = nonce))).ShouldBeBound();
        acme.Time.Advance(TimeSpan.FromSeconds(1));
        (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(acme.Time.Seconds, claims => claims["nonce"] = nonce))).ShouldAskForNonce();
    }

    [Fact]
    public async Task O12_A_client_without_proof_is_asked_for_none()
    {
        await using var acme = await Acme.StartAsync(options => options.DPoP.RequireNonce = true);
        (await acme.OAuth.GrantAsync(acme.Shop)).ShouldBeUnbound();
    }

    [Fact]
    public async Task O03_A_bad_proof_is_told_before_its_nonce_is_looked_at_and_brings_the_next_one_too()
    {
        await using var acme = await Acme.StartAsync(options => options.DPoP.RequireNonce = true);
        var nonce = (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(acme.Time.Seconds, claims => claims["htm"] = "GET"))).ShouldBeBadProofWithNonce();
        var proof = _key.Proof(acme.Time.Seconds, claims => claims["nonce"] = nonce);
        (await acme.OAuth.ProveAsync(acme.Shop, proof)).ShouldBeBound();
        (await acme.OAuth.ProveAsync(acme.Shop, proof)).ShouldBeBadProofWithNonce();
    }
}

/// <summary>Two nodes on PostgreSQL.</summary>
public sealed class TokenProofAcrossNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    [Fact]
    public async Task O12_O13_A_nonce_of_one_node_is_good_at_the_other()
    {
        var (a, b) = (nodes.A.Services.GetRequiredService<ProofNonces>(), nodes.B.Services.GetRequiredService<ProofNonces>());
        b.IsGood(a.Create(nodes.A.Time.Seconds), nodes.A.Time.Seconds).ShouldBeTrue();
        await using var other = await Acme.StartAsync();
        other.Server.Services.GetRequiredService<ProofNonces>().IsGood(a.Create(nodes.A.Time.Seconds), nodes.A.Time.Seconds).ShouldBeFalse();
    }

    [Fact]
    public async Task O15_O20_A_proof_that_one_node_took_is_refused_by_the_other()
    {
        var key = Signer.Of("ES256", keyId: null);
        var client = await nodes.A.Admin.AddClientAsync(new { client_id = "shop", kind = "client", audience = new[] { Acme.OrdersApi } });
        var proof = key.Proof(nodes.A.Time.Seconds);
        (await nodes.A.OAuth.ProveAsync(client, proof)).ShouldBeBound();
        (await nodes.B.OAuth.ProveAsync(client, proof)).ShouldBeBadProof();
        (await nodes.B.OAuth.ProveAsync(client, key.Proof(nodes.A.Time.Seconds))).ShouldBeBound();
    }
}
