using Touchstone.Server.Clients;

namespace Touchstone.Server.TokenIssue;

/// <summary>What an exchanged token is for: <c>resource</c> by its URI, <c>audience</c> by a resource server's identifier or by the name that it is registered under (RFC 8693 §2.1).</summary>
internal static class ExchangeTargets
{
    /// <summary>All that the request names, each once; the only one that the client may name where the request names none. Null where it names another, and where it would have to choose.</summary>
    internal static IReadOnlyList<string>? Choose(TokenRequest request, IReadOnlyList<string> allowed, ClientDirectory clients)
    {
        var chosen = new List<string>();
        foreach (var resource in request.All("resource"u8))
        {
            if (!allowed.Contains(resource)) return null;
            chosen.Add(resource);
        }
        foreach (var audience in request.All("audience"u8))
        {
            // An identifier that is allowed is meant as such, also where a resource server has it for its name.
            var named = allowed.Contains(audience) ? [audience] : IdentifiersOf(clients.Find(audience), allowed);
            if (named.Length == 0) return null;
            chosen.AddRange(named);
        }
        return chosen.Count > 0 ? [.. chosen.Distinct()] : allowed is [var only] ? [only] : null;
    }

    private static string[] IdentifiersOf(Client? named, IReadOnlyList<string> allowed) =>
        named?.Registration is { Kind: ClientRegistration.ResourceServerKind, Enabled: true } server ? [.. server.Audience.Where(allowed.Contains)] : [];
}
