using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.TokenIssue.Refresh;

namespace Touchstone.Server.Admin;

/// <summary>
/// Ties a token that is registered with <c>ancestors</c> to what is known of them, as an exchange does (<c>Descent</c>): whatever row could end one of them names the new token too.
/// Of one that is not known nothing but its hash can be named.
/// </summary>
internal sealed class Ancestry(TokenLookup tokens, RevocationLog log, ServerOptions options)
{
    /// <summary>The record with all that ends its ancestors, or why there is none. <paramref name="beside"/> are the records of the same request, which are not in the store yet.</summary>
    internal async Task<(TokenRecord? Record, string? Fault)> AddAsync(TokenRecord record, IReadOnlyList<TokenRecord> beside, CancellationToken cancellationToken)
    {
        if (record.Ancestors.Count == 0) return (record, null);
        var all = record.Ancestors.Select(Selector.Token).ToList();
        foreach (var hash in record.Ancestors)
        {
            var parent = beside.FirstOrDefault(other => other.Hash == hash);
            var found = parent is null ? await tokens.FindAsync(hash, cancellationToken) : new FoundRecord(parent, await log.JudgeAsync(parent, cancellationToken));
            if (found.Record is not { } known) continue;
            // A row that ended it before this one was born names nothing that comes later.
            if (found.Match is not null) return (null, "one of them is revoked");
            all.AddRange(Selector.Of(known).Concat(RefreshFamily.Ends(known, options.EffectiveIssuer)));
        }
        TokenHash[] ancestors = [.. all.Where(selector => selector.Kind is SelectorKind.Token).Select(selector => selector.Hash).Distinct()];
        if (ancestors.Length > TokenRecord.MaxAncestors || ancestors.Contains(record.Hash)) return (null, $"with theirs they are more than {TokenRecord.MaxAncestors}, or the token itself is among them");

        var tied = record with { Ancestors = ancestors };
        var own = Selector.Of(tied).ToHashSet();
        Selector[] lineage = [.. WithMembers(all, record.Tenant).Where(selector => selector.Kind is not (SelectorKind.Token or SelectorKind.All or SelectorKind.Registration) && !own.Contains(selector)).Distinct()];
        return lineage.Length <= TokenRecord.MaxLineage ? (tied with { Lineage = lineage }, null) : (null, $"what could end them is more than {TokenRecord.MaxLineage} subjects, clients, grants, sessions and tenants");
    }

    // Within its tenant a subject can be ended by itself, by whatever name it has there.
    private static IEnumerable<Selector> WithMembers(IReadOnlyList<Selector> all, string? tenant) =>
        tenant is null ? all : all.Concat(all.Where(selector => selector.Kind is SelectorKind.Subject).Select(subject => Selector.Member(tenant, subject.Issuer!, subject.Id!)));
}
