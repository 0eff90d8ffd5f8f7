namespace Touchstone.Protocol.Tests.Leases.Simulation;

/// <summary>Ways to break the protocol on purpose. The simulation has to find each of them, or it would find nothing.</summary>
public enum Mutation
{
    None,

    /// <summary>A holder holds to the very end and a waiter waits no longer.</summary>
    NoMargin,

    /// <summary>The lease runs from when the heartbeat's answer came.</summary>
    DeadlineFromTheReply,

    /// <summary>The log is read in the snapshot of the heartbeat's own transaction.</summary>
    OneTransaction,

    /// <summary>A cached record carries the state after its reading instead of before.</summary>
    AsOfAfterJudging,

    /// <summary>A restarted process takes over its predecessor's row, acknowledgement included.</summary>
    NameWithoutInstance,

    /// <summary>A node whose row was taken away registers again under the id that it had.</summary>
    RegisteredAgainUnderItsOldId,

    /// <summary>A restored log is read on from the old place.</summary>
    CursorWithoutEpoch,

    /// <summary>A revocation that finds its row there already answers at once.</summary>
    RepeatedSkipsBarrier,

    /// <summary>A node decides from a log that it read before it was registered.</summary>
    LateRegistration,

    /// <summary>Silence is measured by the database's clock, which is set forward now and then.</summary>
    DatabaseClock,

    /// <summary>What stands in the table of nodes counts right after the database was restored.</summary>
    NoFullWaitAfterRestore,

    /// <summary>A row that another node tells of is taken into memory wherever memory is, and what comes before it counts as read.</summary>
    RowsOutOfPlace,

    /// <summary>The nodes that a revocation waits for are looked up before its commit.</summary>
    LookBeforeTheCommit,

    /// <summary>A follower takes any answer for the one it waits for.</summary>
    NoNonce,

    /// <summary>A follower's lease runs from when the answer came.</summary>
    FollowerDeadlineFromTheReply,

    /// <summary>A follower takes the state in which an answer comes for the one that it was judged against.</summary>
    AsOfOfTheArrival,

    /// <summary>A follower that reads all rows takes a lease from a page that has others behind it.</summary>
    LeaseFromAPage,
}
