namespace Touchstone.Client.Upstream;

/// <summary>Whose tokens a server may tell of. Looked at once, when an answer is taken: by whoever is asked, or from the shared cache.</summary>
internal static class TokenIssuers
{
    internal static bool Allow(this IReadOnlyList<string>? issuers, IntrospectedToken token)
    {
        if (issuers is null || token.Issuer is not { } named) return true;
        var issuer = named.AsSpan().TrimEnd('/');
        for (var i = 0; i < issuers.Count; i++)
        {
            if (issuer.SequenceEqual(issuers[i].AsSpan().TrimEnd('/'))) return true;
        }
        return false;
    }
}
