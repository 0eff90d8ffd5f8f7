using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Protocol.Tests.Revocation;

/// <summary>Two rows at once: the one that reaches further decides, whichever kinds they are and in whichever order they stand.</summary>
public sealed class NotBeforePairsTests
{
    private const long Born = 50;

    private static readonly SelectorKind[] BornBefore = [SelectorKind.Tenant, SelectorKind.Member, SelectorKind.Client, SelectorKind.Subject, SelectorKind.All];
    private static readonly SelectorKind[] ForEver = [SelectorKind.Session, SelectorKind.Grant, SelectorKind.Token];

    public static TheoryData<SelectorKind, SelectorKind> Pairs
    {
        get
        {
            var data = new TheoryData<SelectorKind, SelectorKind>();
            foreach (var first in BornBefore.Concat(ForEver))
            {
                foreach (var second in BornBefore.Concat(ForEver)) data.Add(first, second);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void L03_Of_all_pairs_of_not_before_the_latest_counts(SelectorKind first, SelectorKind second)
    {
        foreach (var firstIsLater in new[] { false, true })
        {
            foreach (var secondIsLater in new[] { false, true })
            {
                var expected = firstIsLater || secondIsLater || ForEver.Contains(first) || ForEver.Contains(second);
                RevocationRow[] rows = [At(first, firstIsLater), At(second, secondIsLater)];
                IsActive(rows).ShouldBe(!expected);
                IsActive([.. rows.Reverse()]).ShouldBe(!expected);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void L03_Of_all_pairs_narrowed_by_issue_time_the_latest_counts(SelectorKind first, SelectorKind second)
    {
        foreach (var firstReaches in new[] { false, true })
        {
            foreach (var secondReaches in new[] { false, true })
            {
                var expected = firstReaches || secondReaches || ForEver.Contains(first) || ForEver.Contains(second);
                IsActive([Narrowed(first, firstReaches), Narrowed(second, secondReaches)]).ShouldBe(!expected);
            }
        }
    }

    private static bool IsActive(RevocationRow[] rows)
    {
        var record = TokenRecords.Access with { Born = Born };
        RevocationMatch? match = Array.Find(rows, row => row.Ends(record)) is { } row ? new RevocationMatch(row.Selector.Kind, row.Seq) : null;
        return IntrospectionRules.Decide(record, TokenRecords.ResourceServer, match, TokenRecords.Now).IsActive;
    }

    private static RevocationRow At(SelectorKind kind, bool isLater) => Rows.Row(Rows.Naming(kind, TokenRecords.Access), seq: isLater ? Born + 1 : Born);

    private static RevocationRow Narrowed(SelectorKind kind, bool reaches) =>
        Rows.Row(Rows.Naming(kind, TokenRecords.Access), seq: Born + 1, issuedBefore: TokenRecords.Access.IssuedAt + (reaches ? 1 : 0));
}
