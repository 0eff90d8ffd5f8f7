using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Telemetry;

/// <summary>What a server is asked for.</summary>
internal enum Asking
{
    /// <summary>Where its endpoints are.</summary>
    Metadata,

    /// <summary>About tokens.</summary>
    Tokens,

    /// <summary>About revocations.</summary>
    Feed,
}

/// <summary>
/// Why a server can't be asked, in words for operators. Told when it changes, not at each call; and the same again once a minute at most, so that what comes and goes fills no log. Safe for all threads.
/// </summary>
internal sealed class ServerFaults(TokenIntrospectionOptions options, ILogger logger, TimeProvider time)
{
    private const int MostTold = 16;

    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly string?[] _now = new string?[3];
    private readonly bool[] _isTold = new bool[3]; // Whether the reason of now was.
    private readonly Dictionary<string, ClockReading> _told = [];
    private bool _wasTold;

    /// <summary>What is wrong now; null: nothing that is known.</summary>
    internal string? Last => Volatile.Read(ref _now[(int)Asking.Metadata]) ?? Volatile.Read(ref _now[(int)Asking.Tokens]) ?? Volatile.Read(ref _now[(int)Asking.Feed]);

    /// <summary>The server as the options name it.</summary>
    internal string Server { get; } = (options.Issuer ?? options.IntrospectionEndpoint)?.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/') ?? "";

    /// <summary>The caller as the options name it.</summary>
    internal string Caller { get; } = (options.ClientId ?? options.Authentication?.ClientId) is { } id ? $"client {id}" : "this client";

    /// <summary>It answered.</summary>
    internal void Works(Asking what)
    {
        if (Volatile.Read(ref _now[(int)what]) is null) return;
        lock (_told)
        {
            (_now[(int)what], _isTold[(int)what]) = (null, false);
            if (!_wasTold || Last is not null) return;
            _wasTold = false;
        }
        logger.ServerAnswersAgain(Server);
    }

    /// <summary>It did not, for this reason: words of ours, with at most a status, an error code and its own name for itself in them.</summary>
    internal void Fails(Asking what, string why)
    {
        var at = (int)what;
        if (Volatile.Read(ref _now[at]) == why && Volatile.Read(ref _isTold[at])) return;
        lock (_told)
        {
            if (_now[at] != why) (_now[at], _isTold[at]) = (why, false);
            // What lasts is told once it may be, also where it came back too soon for that.
            if (_isTold[at] || !MayTell(why)) return;
            _isTold[at] = _wasTold = true;
        }
        logger.ServerFails(Server, why);
    }

    private bool MayTell(string why)
    {
        var now = time.Read();
        if (_told.TryGetValue(why, out var last) && now.AtLeastSince(last) < Quiet) return false;
        // A server that calls itself otherwise each time is not told of each time.
        foreach (var old in _told.Where(pair => now.AtLeastSince(pair.Value) >= Quiet).Select(static pair => pair.Key).ToArray()) _told.Remove(old);
        return _told.Count < MostTold && _told.TryAdd(why, now);
    }
}
