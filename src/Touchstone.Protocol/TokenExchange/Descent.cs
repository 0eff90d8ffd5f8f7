using System.Diagnostics.CodeAnalysis;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.TokenExchange;

/// <summary>
/// Ties a new token to those that it is made from, so that it outlives none of them: RFC 8693 §2.1 leaves that to the server. Whatever row could end one of them names the new token too:
/// as its own family, session and tenant where those are the same, as an ancestor, or in its lineage.
/// </summary>
internal static class Descent
{
    internal static bool TryDescend(TokenRecord record, TokenRecord subject, TokenRecord? actor, [NotNullWhen(true)] out TokenRecord? descended)
    {
        var all = Selector.Of(subject).Concat(actor is null ? [] : Selector.Of(actor)).Distinct().ToArray();
        descended = record with
        {
            Grant = subject.Grant,
            Session = subject.Issuer == record.Issuer ? subject.Session : null, // A session belongs to its issuer: of another one it stands in the lineage.
            Tenant = record.Tenant ?? subject.Tenant ?? actor?.Tenant,
            Ancestors = [.. all.Where(selector => selector.Kind is SelectorKind.Token).Select(selector => selector.Hash)],
        };
        var own = Selector.Of(descended).ToHashSet();
        descended = descended with { Lineage = [.. WithMembers(all, descended.Tenant).Where(selector => selector.Kind is not (SelectorKind.Token or SelectorKind.All or SelectorKind.Registration) && !own.Contains(selector))] };
        return descended.Ancestors.Count <= TokenRecord.MaxAncestors && descended.Lineage.Count <= TokenRecord.MaxLineage;
    }

    // Within its tenant a subject can be ended by itself, by whatever name it has there.
    private static IEnumerable<Selector> WithMembers(IEnumerable<Selector> all, string? tenant) =>
        tenant is null ? all : all.Concat(all.Where(selector => selector.Kind is SelectorKind.Subject).Select(subject => Selector.Member(tenant, subject.Issuer!, subject.Id!))).Distinct();
}
