using Microsoft.Extensions.Logging;
using Touchstone.Client;
using Touchstone.Client.Redis;
using Touchstone.Sidecar.Configuration;

namespace Touchstone.Sidecar;

/// <summary>One authorization server, and who asks it.</summary>
/// <param name="Name">What metrics and operators call it.</param>
/// <param name="Client">Who asks it.</param>
internal sealed record Upstream(string Name, IntrospectionClient Client);

/// <summary>The authorization servers of a file: asked as the sidecar and, where callers are forwarded, as each of them, who share nothing (I-47).</summary>
internal sealed class Upstreams : IAsyncDisposable
{
    private readonly RedisCache? _redis;

    internal Upstreams(SidecarConfig config, Func<IEnumerable<IntrospectionPolicy>> policies, ILoggerFactory loggers, TimeProvider time)
    {
        if (config.SharedCache is { } shared) _redis = new RedisCache(shared.Redis, loggers.CreateLogger<RedisCache>(), time);
        foreach (var issuer in config.Issuers) (issuer.Options.SharedCache, issuer.Options.PoliciesInUse) = (_redis is null ? null : config.SharedCache!.At(_redis), policies);
        Own = [.. config.Issuers.Select(issuer => Ask(issuer.Options))];
        Tokens = new IntrospectionRouter([.. config.Issuers.Zip(Own, Route)]);
        All = Own;
        if (config.Introspect is not { IsForwarded: true } forwarded) return;
        // One issuer: the reader saw to it.
        var issuerOfCallers = config.Issuers[0];
        var ofCallers = forwarded.Callers.All.ToDictionary(static caller => caller.Id, caller => Ask(issuerOfCallers.As(caller)), StringComparer.Ordinal);
        TokensOfCallers = ofCallers.ToDictionary(static pair => pair.Key, pair => new IntrospectionRouter([Route(issuerOfCallers, pair.Value)]), StringComparer.Ordinal);
        All = [.. Own, .. ofCallers.Values];

        Upstream Ask(TokenIntrospectionOptions options) => new(options.Name, new IntrospectionClient(options, logger: loggers.CreateLogger<IntrospectionClient>(), time: time));
    }

    internal IReadOnlyList<Upstream> All { get; }

    /// <summary>Those that are asked as the sidecar. They look for their server until they find it; those of callers when their caller asks.</summary>
    internal IReadOnlyList<Upstream> Own { get; }

    /// <summary>Who knows about tokens as the sidecar sees them.</summary>
    internal IntrospectionRouter Tokens { get; }

    /// <summary>The same as a caller sees them, by its identifier; null: all callers are told what the sidecar is.</summary>
    internal IReadOnlyDictionary<string, IntrospectionRouter>? TokensOfCallers { get; }

    internal Task StartAsync(CancellationToken stop) => Task.WhenAll(All.Select(upstream => upstream.Client.StartAsync(stop)));

    public async ValueTask DisposeAsync()
    {
        foreach (var upstream in All) await upstream.Client.DisposeAsync();
        if (_redis is not null) await _redis.DisposeAsync();
    }

    private static IntrospectionRoute Route(IssuerConfig issuer, Upstream upstream) => new(upstream.Client) { TokenPrefix = issuer.TokenPrefix };
}
