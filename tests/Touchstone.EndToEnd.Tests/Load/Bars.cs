using System.Globalization;

namespace Touchstone.EndToEnd.Tests.Load;

/// <summary>How long the bars run: short and seeded in <c>./test</c>, long in <c>./bench/bars</c>, which sets these variables.</summary>
internal static class Bars
{
    /// <summary>Everything random in a bar comes from this. A failure prints it; <c>TOUCHSTONE_SEED</c> sets it again.</summary>
    internal static int Seed { get; } = Number("TOUCHSTONE_SEED", 20261121);

    /// <summary>Rounds of load and <c>kill -9</c>.</summary>
    internal static int CrashRounds { get; } = Number("TOUCHSTONE_CRASH_ROUNDS", 3);

    /// <summary>The most acknowledgements after which a round is killed.</summary>
    internal static int CrashAcknowledgements { get; } = Number("TOUCHSTONE_CRASH_ACKNOWLEDGEMENTS", 2_000);

    /// <summary>Requests of bad input.</summary>
    internal static int FuzzRequests { get; } = Number("TOUCHSTONE_FUZZ_REQUESTS", 50_000);

    /// <summary>Races between issues and the revocation of their subject.</summary>
    internal static int IssueRaces { get; } = Number("TOUCHSTONE_ISSUE_RACES", 200);

    /// <summary>Rounds in which one assertion is used many times at once.</summary>
    internal static int AssertionRounds { get; } = Number("TOUCHSTONE_ASSERTION_ROUNDS", 5);

    /// <summary>Rounds in which one refresh token is used many times at once, over three nodes.</summary>
    internal static int RefreshRounds { get; } = Number("TOUCHSTONE_REFRESH_ROUNDS", 3);

    /// <summary>Rotations of a secret that is in use.</summary>
    internal static int Rotations { get; } = Number("TOUCHSTONE_ROTATIONS", 6);

    /// <summary>Revocations beside a loaded API.</summary>
    internal static int ClientRevocations { get; } = Number("TOUCHSTONE_CLIENT_REVOCATIONS", 50);

    /// <summary>For how long a server can't be asked.</summary>
    internal static int OutageSeconds { get; } = Number("TOUCHSTONE_OUTAGE_SECONDS", 4);

    /// <summary>Revocations at a cluster, for each fault; 50 a second.</summary>
    internal static int ClusterRevocations { get; } = Number("TOUCHSTONE_CLUSTER_REVOCATIONS", 200);

    /// <summary>Frequent garbage collections in the server, so that whatever is finalized behind the back of its user is finalized while it is used.</summary>
    internal static IReadOnlyDictionary<string, string?> SmallGenerations { get; } = new Dictionary<string, string?> { ["DOTNET_GCgen0size"] = "40000" };

    /// <summary>Whether figures are wanted as they come.</summary>
    private static bool IsLong { get; } = Number("TOUCHSTONE_BARS", 0) > 0;

    /// <summary>A source of chance for one part of a bar: the same part of the same seed is the same again.</summary>
    internal static Random Random(int seed, int part) => new(unchecked((seed * 1_000_003) + part));

    /// <summary>A figure worth reading.</summary>
    internal static void Tell(string line)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        if (IsLong) Console.Out.WriteLine(line);
    }

    private static int Number(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
