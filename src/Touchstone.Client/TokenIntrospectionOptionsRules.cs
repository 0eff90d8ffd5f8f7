namespace Touchstone.Client;

/// <summary>What options have to be. All that is wrong is said at once.</summary>
internal static class TokenIntrospectionOptionsRules
{
    internal static IReadOnlyList<string> Faults(TokenIntrospectionOptions options) => [.. Find(options)];

    private static IEnumerable<string> Find(TokenIntrospectionOptions options)
    {
        if (options.Issuer is null == options.IntrospectionEndpoint is null) yield return "Set Issuer, or IntrospectionEndpoint where there is no metadata; one of them.";
        if (options.FeedEndpoint is not null && options.IntrospectionEndpoint is null) yield return "FeedEndpoint goes with IntrospectionEndpoint; beside Issuer the metadata names it.";
        if (options.Feed is FeedMode.Required && options.IntrospectionEndpoint is not null && options.FeedEndpoint is null) yield return "Feed is Required, so FeedEndpoint must be set beside IntrospectionEndpoint.";
        foreach (var (name, uri) in new[] { ("Issuer", options.Issuer), ("IntrospectionEndpoint", options.IntrospectionEndpoint), ("FeedEndpoint", options.FeedEndpoint), ("BatchEndpoint", options.BatchEndpoint), ("TokenEndpoint", options.TokenEndpoint) })
        {
            if (uri is not null && FaultOf(name, uri, options.AllowInsecureHttp) is { } fault) yield return fault;
        }
        if (options.Authentication is null == options.ClientSecret is null) yield return "Set ClientId and ClientSecret, or Authentication; one of the two.";
        if (options.ClientSecret is not null && string.IsNullOrEmpty(options.ClientId)) yield return "Set ClientId beside ClientSecret.";
        if (options.Authentication?.ClientId is { } proven && options.ClientId is { } named && proven != named) yield return "ClientId is not the caller that Authentication proves: leave it out, or make them the same.";
        if (options.TokenIssuers?.Any(string.IsNullOrEmpty) is true) yield return "TokenIssuers must not hold an empty text.";
        if (options.FollowerName is { } name2 && (name2.Length is 0 or > 100 || name2.AsSpan().ContainsAnyExceptInRange('!', '~') || name2.Contains(';'))) yield return "FollowerName must be 1 to 100 visible ASCII characters without ;.";
        if (!Enum.IsDefined(options.Feed)) yield return "Feed is none of Auto, Required and Off.";
        if (options.MaxEntries is < 0 or > 10_000_000) yield return "MaxEntries must be from 0 to 10,000,000.";
        if (options.MaxBytes is < 1 << 20 or > 16L << 30) yield return "MaxBytes must be from 1 MiB to 16 GiB.";
        if (options.MaxNegativeEntries is < 0 or > 1_000_000) yield return "MaxNegativeEntries must be from 0 to 1,000,000.";
        if (options.MaxEvents is < 1000 or > 10_000_000) yield return "MaxEvents must be from 1,000 to 10,000,000.";
        if (!IsWithin(options.Leeway, TimeSpan.Zero, TimeSpan.FromMinutes(5))) yield return "Leeway must be from 0 to 5 minutes.";
        if (!IsWithin(options.Timeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5))) yield return "Timeout must be from 10 ms to 5 minutes.";
        if (!IsWithin(options.TryTimeout, TimeSpan.FromMilliseconds(10), options.Timeout)) yield return "TryTimeout must be from 10 ms to Timeout.";
        if (options.Retries is < 0 or > 10) yield return "Retries must be from 0 to 10.";
        if (options.MaxConcurrentCalls is < 1 or > 100_000) yield return "MaxConcurrentCalls must be from 1 to 100,000.";
        if (options.MaxWaitingCalls is < 0 or > 1_000_000) yield return "MaxWaitingCalls must be from 0 to 1,000,000.";
        if (!IsWithin(options.BreakDuration, TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(5))) yield return "BreakDuration must be from 500 ms to 5 minutes.";
        if (options.SharedCache is not null && string.IsNullOrEmpty(options.ClientId)) yield return "Set ClientId beside SharedCache: answers are for one caller.";
        foreach (var fault in options.SharedCache?.Faults() ?? []) yield return fault;
        if (options.Issuer is not null && (options.BatchEndpoint is not null || options.TokenEndpoint is not null)) yield return "BatchEndpoint and TokenEndpoint go with IntrospectionEndpoint; beside Issuer the metadata names them.";
        if (!IsWithin(options.BatchWindow, TimeSpan.Zero, TimeSpan.FromSeconds(1))) yield return "BatchWindow must be from 0 to 1 second.";
        if (options.BatchSize is < 2 or > 100) yield return "BatchSize must be from 2 to 100.";
        foreach (var fault in options.Authentication?.Faults(options) ?? []) yield return fault;
        foreach (var fault in Jwt.JwtOptionsRules.Find(options)) yield return fault;
        foreach (var fault in options.Policy.Faults()) yield return fault;
    }

    internal static string? FaultOf(string name, Uri uri, bool allowInsecureHttp)
    {
        if (!uri.IsAbsoluteUri || uri.Scheme is not ("https" or "http")) return $"{name} must be an absolute https URL.";
        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0) return $"{name} must have no user and no fragment.";
        if (uri.Scheme == "http" && !uri.IsLoopback && !allowInsecureHttp) return $"{name} is http: tokens would go over the wire as they are. Use https, or set AllowInsecureHttp.";
        return null;
    }

    private static bool IsWithin(TimeSpan time, TimeSpan least, TimeSpan most) => time >= least && time <= most;
}
