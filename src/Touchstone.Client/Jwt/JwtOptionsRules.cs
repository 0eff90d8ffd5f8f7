using Touchstone.Protocol.Jwt;

namespace Touchstone.Client.Jwt;

/// <summary>What the options about JWTs have to be.</summary>
internal static class JwtOptionsRules
{
    private const int MostIssuers = 100, MostAnswerKeys = 8;

    internal static IEnumerable<string> Find(TokenIntrospectionOptions options)
    {
        var jwt = options.Jwt;
        if (!Enum.IsDefined(jwt.Mode)) yield return "Jwt.Mode is none of IntrospectAlways and JwtFirst.";
        if (jwt.Mode is JwtMode.JwtFirst && jwt.Issuers.Count == 0) yield return "Jwt.Mode is JwtFirst, so Jwt.Issuers must say whose JWTs are judged here.";
        if (jwt.Issuers.Count > MostIssuers) yield return "Jwt.Issuers may be 100 at most.";
        if (jwt.Issuers.Select(issuer => issuer.Issuer).Distinct(StringComparer.Ordinal).Count() < jwt.Issuers.Count) yield return "Jwt.Issuers names an issuer twice.";
        foreach (var issuer in jwt.Issuers)
        {
            foreach (var fault in FaultsOf(issuer, options)) yield return fault;
        }
        if (FaultOf("SignedAnswerAlgorithms", options.SignedAnswerAlgorithms) is { } unknown) yield return unknown;
        if (options.SignedAnswerKeys.Count > MostAnswerKeys) yield return "SignedAnswerKeys may be 8 at most.";
        if (!options.RequireSignedAnswers && (options.SignedAnswerKeys.Count > 0 || options.RequireEncryptedAnswers)) yield return "SignedAnswerKeys and RequireEncryptedAnswers go with RequireSignedAnswers: only signed answers are encrypted.";
        if (options.RequireEncryptedAnswers && options.SignedAnswerKeys.Count == 0) yield return "RequireEncryptedAnswers needs SignedAnswerKeys, which open them.";
        if (!options.RequireSignedAnswers) yield break;
        if (options.Issuer is null) yield return "RequireSignedAnswers needs Issuer, whose metadata names the keys.";
        if (options.BatchWindow != TimeSpan.Zero) yield return "RequireSignedAnswers goes without BatchWindow: answers about several tokens are not signed.";
        if (string.IsNullOrEmpty(options.ClientId)) yield return "RequireSignedAnswers needs ClientId: a signed answer says for whom it is.";
    }

    private static IEnumerable<string> FaultsOf(JwtIssuer issuer, TokenIntrospectionOptions options)
    {
        var name = $"Jwt.Issuers '{issuer.Issuer}'";
        if (!Uri.TryCreate(issuer.Issuer, UriKind.Absolute, out var url)) yield return $"{name} must be an absolute https URL.";
        else if (TokenIntrospectionOptionsRules.FaultOf(name, url, options.AllowInsecureHttp) is { } fault) yield return fault;
        if (issuer.JwksUri is { } keys && TokenIntrospectionOptionsRules.FaultOf(name + ".JwksUri", keys, options.AllowInsecureHttp) is { } unfit) yield return unfit;
        if (!Enum.IsDefined(issuer.Revocation)) yield return $"{name}.Revocation is none of Automatic, ByServer, ByFeed and None.";
        if (issuer.Revocation is JwtRevocation.ByFeed && (options.Feed is FeedMode.Off || (options.IntrospectionEndpoint is not null && options.FeedEndpoint is null))) yield return $"{name}.Revocation is ByFeed, and there is no feed: set Feed and FeedEndpoint, or another Revocation.";
        if (issuer.Revocation is JwtRevocation.ByFeed && options.Issuer?.OriginalString.TrimEnd('/') == issuer.Issuer.TrimEnd('/')) yield return $"{name}.Revocation is ByFeed, and it is the server that is introspected: set ByServer, for it knows of more that ends its JWTs than they say.";
        if (issuer.Audiences.Count == 0 || issuer.Audiences.Any(string.IsNullOrEmpty)) yield return $"{name} needs Audiences: a JWT for another API is no key to this one.";
        if (FaultOf(name + ".Algorithms", issuer.Algorithms) is { } unknown) yield return unknown;
    }

    private static string? FaultOf(string name, IList<string> algorithms) =>
        algorithms.All(JwtRules.Algorithms.Contains) ? null : $"{name} may have {string.Join(", ", JwtRules.Algorithms)}, and no other.";
}
