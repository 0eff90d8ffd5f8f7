using System.Net;
using System.Threading.RateLimiting;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server;
using Touchstone.Server.Clients;
using Touchstone.Server.Detection;
using Touchstone.Server.Http;
using Touchstone.Server.Limits;
using Touchstone.Server.Storage;

namespace Touchstone.Benchmarks;

/// <summary>What a request pays for the rate of its caller: the framework's token bucket, and ours. The bar is no allocation.</summary>
[MemoryDiagnoser]
public class LimitBenchmarks
{
    private readonly TokenBucket _ours = new(1_000_000, 10_000_000, TimeProvider.System);

    private readonly TokenBucketRateLimiter _framework = new(new TokenBucketRateLimiterOptions
    {
        AutoReplenishment = false, TokenLimit = int.MaxValue, TokensPerPeriod = 1_000_000, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0,
    });

    private long _now = TimeProvider.System.GetTimestamp();

    private readonly FormExchange _exchange = new();
    private readonly AddressLimits _addresses;
    private readonly CallerLimits _limits = new(TimeProvider.System);
    private readonly TokenSpread _spread;
    private readonly TokenEntry _entry;

    /// <summary>A request of a caller with a limit, while another address fails.</summary>
    public LimitBenchmarks()
    {
        var options = new ServerOptions();
        _addresses = new AddressLimits(options, TimeProvider.System);
        _spread = new TokenSpread(options, null!, TimeProvider.System);
        _entry = new TokenEntry(new TokenRecord { Hash = TokenHash.Of("token"), Kind = TokenKind.AccessToken, ClientId = "a", Issuer = "https://as.acme.test", Born = 0, IssuedAt = 0, ExpiresAt = long.MaxValue }, 0, default);
        _addresses.Failed(From("192.0.2.1"), _now);
        _exchange.Begin(From("198.51.100.1"), _now);
        var gate = ClientGate.Of(new ClientLimits(1_000_000, 10_000_000), options.Limits, null, TimeProvider.System);
        _exchange.Caller = new Server.Clients.Client(new ClientRegistration { ClientId = "a", Kind = ClientRegistration.ClientKind }, gate);
    }

    /// <summary>All that an introspection pays for limits and detections.</summary>
    [Benchmark]
    public bool OneIntrospection()
    {
        var caller = _exchange.Caller;
        _exchange.Begin(_exchange.Http, _now += 1_000_000);
        _exchange.Caller = caller;
        if (_addresses.Refuses(_exchange) || !_limits.Admit(_exchange) || _spread.Blocks(_exchange, _entry)) return false;
        _exchange.Caller!.Gate.Activity.Count(InactiveReason.None);
        return true;
    }

    private static DefaultHttpContext From(string address) => new() { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };

    /// <summary>One compare-and-swap, with the time stamp that the request has anyway.</summary>
    [Benchmark(Baseline = true)]
    public bool Ours() => _ours.TryTake(1, _now += 1_000_000, out _);

    /// <summary>A lock.</summary>
    [Benchmark]
    public bool Framework()
    {
        using var lease = _framework.AttemptAcquire(1);
        return lease.IsAcquired;
    }

    /// <summary>A lock, the clock, and the lock again.</summary>
    [Benchmark]
    public bool FrameworkThatReplenishes()
    {
        _framework.TryReplenish();
        return Framework();
    }
}
