using Touchstone.AspNetCore.Binding;
using Touchstone.Protocol.DPoP;

namespace Touchstone.Client.Tests.AspNetCore;

public sealed class UsedProofsTests
{
    private const long Window = 60, Now = 1_790_000_000;

    private readonly DPoPKey _key = new();
    private readonly UsedProofs _used = new(Window, 1000);

    [Fact]
    public void O20_A_proof_is_used_once()
    {
        var proof = Proof("a", Now);
        _used.Knows(proof).ShouldBeFalse();
        _used.Use(proof).ShouldBe(ProofUse.First);
        _used.Knows(proof).ShouldBeTrue();
        _used.Use(proof).ShouldBe(ProofUse.Again);
        _used.Use(Proof("b", Now)).ShouldBe(ProofUse.First);
        DPoPProof.TryRead(new DPoPKey().Proof("https://a.test/", "t", Now, id: "a"), out var ofAnotherKey);
        _used.Use(ofAnotherKey!).ShouldBe(ProofUse.First);
    }

    [Fact]
    public void O20_As_long_as_a_proof_could_be_accepted_it_is_known_whatever_comes_between()
    {
        for (var made = Now; made < Now + 500; made += 7)
        {
            var used = new UsedProofs(Window, 1000);
            var proof = Proof("a", made);
            used.Use(proof).ShouldBe(ProofUse.First);
            // The last moment at which it is accepted, beside one that is as far ahead as may be.
            used.Use(Proof("b", made + Window + Window)).ShouldBe(ProofUse.First);
            used.Use(proof).ShouldBe(ProofUse.Again);
        }
    }

    [Fact]
    public void O20_What_is_forgotten_is_refused_when_the_clock_goes_back()
    {
        _used.Use(Proof("a", Now)).ShouldBe(ProofUse.First);
        _used.Use(Proof("b", Now + 1000)).ShouldBe(ProofUse.First);
        _used.Knows(Proof("a", Now)).ShouldBeTrue();
        _used.Use(Proof("a", Now)).ShouldBe(ProofUse.Again);
        _used.Use(Proof("c", Now)).ShouldBe(ProofUse.Again);
    }

    [Fact]
    public void O15_It_is_bounded_and_has_room_again()
    {
        for (var i = 0; i < 1000; i++) _used.Use(Proof(i.ToString(), Now)).ShouldBe(ProofUse.First);
        _used.Use(Proof("more", Now)).ShouldBe(ProofUse.Full);
        _used.Knows(Proof("more", Now)).ShouldBeFalse();
        _used.Use(Proof("more", Now + 300)).ShouldBe(ProofUse.First);
    }

    private DPoPProof Proof(string id, long made)
    {
        DPoPProof.TryRead(_key.Proof("https://a.test/", "t", made, id: id), out var proof).ShouldBe(DPoPFault.None);
        return proof!;
    }
}
