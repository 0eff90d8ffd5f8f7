using FsCheck;
using FsCheck.Fluent;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Tests.Storage;

namespace Touchstone.Server.Tests.Revocation;

/// <summary>Random rows and records over few names and few times, so that they meet often.</summary>
internal static class RandomLog
{
    private static readonly Gen<string> Name = Gen.Elements("a", "b", "c");

    private static readonly Gen<string> Issuer = Gen.Elements("https://i.test", "https://j.test");

    private static readonly Gen<TokenHash> Hash = Name.Select(TokenHash.Of);

    internal static Gen<Selector> Selector { get; } = Gen.OneOf(
        Hash.Select(Touchstone.Protocol.Revocation.Selector.Token), Name.Select(Touchstone.Protocol.Revocation.Selector.Grant),
        Issuer.Zip(Name).Select(pair => Touchstone.Protocol.Revocation.Selector.Session(pair.Item1, pair.Item2)),
        Issuer.Zip(Name).Select(pair => Touchstone.Protocol.Revocation.Selector.Subject(pair.Item1, pair.Item2)),
        Name.Zip(Issuer).Zip(Name).Select(names => Touchstone.Protocol.Revocation.Selector.Member(names.Item1.Item1, names.Item1.Item2, names.Item2)),
        Name.Select(Touchstone.Protocol.Revocation.Selector.Client), Name.Select(Touchstone.Protocol.Revocation.Selector.Tenant),
        Name.Select(Touchstone.Protocol.Revocation.Selector.Registration), Gen.Constant(Touchstone.Protocol.Revocation.Selector.All));

    /// <summary>Up to twelve rows, numbered from 1.</summary>
    internal static Gen<RevocationRow[]> Rows { get; } =
        (from selector in Selector
         from before in Gen.Frequency((2, Gen.Constant((long?)null)), (3, Gen.Choose(0, 6).Select(i => (long?)(ManualTime.Start + i))))
         select Records.Row(selector, issuedBefore: before))
        .ArrayOf().Resize(12).Select(rows => rows.Select((row, i) => row with { Seq = i + 1 }).ToArray());

    internal static Gen<TokenRecord> Record { get; } =
        from hash in Hash
        from kind in Gen.Elements(TokenKind.AccessToken, TokenKind.RefreshToken)
        from client in Name
        from issuer in Issuer
        from names in Maybe(Name).Four()
        from ancestors in Hash.ArrayOf().Resize(2)
        from lineage in Selector.Where(selector => selector.Kind is not (SelectorKind.Registration or SelectorKind.All)).ArrayOf().Resize(3)
        from born in Gen.Choose(0, 12)
        from issued in Gen.Choose(0, 6)
        from basis in Gen.Frequency((2, Gen.Constant((long?)null)), (1, Gen.Choose(0, 6).Select(i => (long?)(ManualTime.Start + i))))
        select Records.Bare("x") with
        {
            Hash = hash, Kind = kind, ClientId = client, Issuer = issuer, Subject = names.Item1, Grant = names.Item2, Session = names.Item3, Tenant = names.Item4,
            Ancestors = ancestors, Lineage = lineage, Born = born, IssuedAt = ManualTime.Start + issued, BasisIssuedAt = basis,
        };

    /// <summary>The same record with names of its own.</summary>
    internal static TokenRecord Rename(TokenRecord record, string prefix) => record with
    {
        Hash = Rename(record.Hash, prefix), ClientId = prefix + record.ClientId, Grant = prefix + record.Grant, Session = prefix + record.Session, Subject = prefix + record.Subject, Tenant = prefix + record.Tenant,
        Ancestors = [.. record.Ancestors.Select(hash => Rename(hash, prefix))], Lineage = [.. record.Lineage.Select(selector => Rename(selector, prefix))],
    };

    internal static RevocationRow Rename(RevocationRow row, string prefix) => row with
    {
        Selector = Rename(row.Selector, prefix),
    };

    private static Selector Rename(Selector selector, string prefix) => selector.Kind switch
    {
        SelectorKind.All => selector,
        SelectorKind.Token => Touchstone.Protocol.Revocation.Selector.Token(Rename(selector.Hash, prefix)),
        SelectorKind.Member => selector with { Id = prefix + selector.Id, Group = prefix + selector.Group },
        _ => selector with { Id = prefix + selector.Id },
    };

    private static TokenHash Rename(TokenHash hash, string prefix) => TokenHash.Of(prefix + hash);

    private static Gen<string?> Maybe(Gen<string> name) => Gen.Frequency((3, name.Select(text => (string?)text)), (1, Gen.Constant((string?)null)));

    private static Gen<(T, T, T, T)> Four<T>(this Gen<T> gen) =>
        from a in gen
        from b in gen
        from c in gen
        from d in gen
        select (a, b, c, d);
}
