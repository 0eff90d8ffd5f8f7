using System.Reflection;
using Touchstone.Protocol.Tests.Leases.Simulation;

namespace Touchstone.Protocol.Tests.Leases;

/// <summary>The lease protocol in worlds where everything goes wrong. TOUCHSTONE_SIMULATION_SEEDS=FROM-TO runs others than the usual seeds, one of them to replay it.</summary>
public sealed class LeaseSimulationTests(ITestOutputHelper output)
{
    private const int UsualSeeds = 300;

    [Fact]
    public void No_introspection_that_begins_after_the_answer_of_a_revocation_says_active()
    {
        var (answers, uses, revocations, jwts) = (0L, 0L, 0L, 0L);
        foreach (var seed in Seeds())
        {
            var ledger = Simulation.Simulation.Run(seed, Mutation.None);
            ledger.Violation.ShouldBeNull($"seed {seed}");
            (answers, uses, revocations, jwts) = (answers + ledger.Answers, uses + ledger.Uses, revocations + ledger.Revocations, jwts + ledger.Jwts);
        }
        output.WriteLine($"{answers} active answers, {uses} uses by followers, {jwts} of them of JWTs, {revocations} revocations answered");
        // A protocol that never says active would keep the promise as well.
        answers.ShouldBeGreaterThan(1000);
        (uses - jwts).ShouldBeGreaterThan(1000);
        jwts.ShouldBeGreaterThan(1000);
        revocations.ShouldBeGreaterThan(50);
    }

    // The seed is one that is known to show it, so that not all before it need be run; where the simulation changed, it is looked for.
    [Theory]
    [InlineData(Mutation.NoMargin, 455)]
    [InlineData(Mutation.DeadlineFromTheReply, 0)]
    [InlineData(Mutation.OneTransaction, 16)]
    [InlineData(Mutation.AsOfAfterJudging, 0)]
    [InlineData(Mutation.NameWithoutInstance, 1)]
    [InlineData(Mutation.RegisteredAgainUnderItsOldId, 94)]
    [InlineData(Mutation.CursorWithoutEpoch, 0)]
    [InlineData(Mutation.RepeatedSkipsBarrier, 0)]
    [InlineData(Mutation.LateRegistration, 3)]
    [InlineData(Mutation.DatabaseClock, 0)]
    [InlineData(Mutation.NoFullWaitAfterRestore, 0)]
    [InlineData(Mutation.RowsOutOfPlace, 0)]
    [InlineData(Mutation.LookBeforeTheCommit, 0)]
    [InlineData(Mutation.NoNonce, 7)]
    [InlineData(Mutation.FollowerDeadlineFromTheReply, 301)]
    [InlineData(Mutation.AsOfOfTheArrival, 17)]
    [InlineData(Mutation.LeaseFromAPage, 0)]
    public void A_broken_protocol_is_caught(Mutation mutation, int known)
    {
        foreach (var seed in Enumerable.Range(0, 5000).Prepend(known))
        {
            if (Simulation.Simulation.Run(seed, mutation).Violation is not { } violation) continue;
            output.WriteLine($"{mutation}: seed {seed}: {violation}");
            return;
        }
        Assert.Fail($"{mutation} was not caught.");
    }

    [Fact]
    public void Every_mutation_is_tried() =>
        typeof(LeaseSimulationTests).GetMethod(nameof(A_broken_protocol_is_caught))!.GetCustomAttributes<InlineDataAttribute>().Select(data => (Mutation)data.Data[0]!)
            .ShouldBe(Enum.GetValues<Mutation>().Where(mutation => mutation is not Mutation.None));

    [Fact]
    public void A_seed_can_be_replayed()
    {
        var (first, second) = (Simulation.Simulation.Run(7, Mutation.DeadlineFromTheReply), Simulation.Simulation.Run(7, Mutation.DeadlineFromTheReply));
        (second.Violation, second.Answers, second.Uses).ShouldBe((first.Violation, first.Answers, first.Uses));
    }

    private static IEnumerable<int> Seeds()
    {
        if (Environment.GetEnvironmentVariable("TOUCHSTONE_SIMULATION_SEEDS") is not { Length: > 0 } asked) return Enumerable.Range(0, UsualSeeds);
        var bounds = asked.Split('-').Select(int.Parse).ToArray();
        return Enumerable.Range(bounds[0], bounds[^1] - bounds[0] + 1);
    }
}
