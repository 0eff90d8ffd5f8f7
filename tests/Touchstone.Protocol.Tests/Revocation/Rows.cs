using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Revocation;

/// <summary>Rows of the log, and the selectors that name <see cref="TokenRecords.Access"/>.</summary>
internal static class Rows
{
    internal static RevocationRow Row(Selector selector, long seq = 100, long? issuedBefore = null) => new()
    {
        Seq = seq, Id = Guid.Empty, At = TokenRecords.Now, Selector = selector, ForgetAfter = TokenRecords.Now + 3600,
        IssuedBefore = issuedBefore, Actor = RevocationRow.Server,
    };

    /// <summary>The selector of each kind that names this record.</summary>
    internal static Selector Naming(SelectorKind kind, TokenRecord record) => kind switch
    {
        SelectorKind.Token => Selector.Token(record.Hash),
        SelectorKind.Grant => Selector.Grant(record.Grant!),
        SelectorKind.Session => Selector.Session(record.Issuer, record.Session!),
        SelectorKind.Subject => Selector.Subject(record.Issuer, record.Subject!),
        SelectorKind.Member => Selector.Member(record.Tenant!, record.Issuer, record.Subject!),
        SelectorKind.Jwt => Selector.Jwt(record.Issuer, record.Jti!),
        SelectorKind.Client => Selector.Client(record.ClientId),
        SelectorKind.Tenant => Selector.Tenant(record.Tenant!),
        SelectorKind.All => Selector.All,
        SelectorKind.Registration => Selector.Registration(record.ClientId),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
