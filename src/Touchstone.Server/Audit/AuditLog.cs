using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Touchstone.Protocol;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit.Syslog;
using Touchstone.Server.Http;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Audit;

/// <summary>
/// What the endpoints tell the audit: introspections, refusals, detections. Changes are not told here: the store records them in the transaction that makes them.
/// </summary>
internal sealed class AuditLog(
    ITokenStore store, AuditRecorder recorder, AuditCounts counts, AuditRetention retention, SyslogSender syslog, IServiceProvider services, ServerOptions options, FaultLog faults, TimeProvider time) : IHostedService
{
    private const int MaxWaiting = 4096;
    private static readonly TimeSpan RetentionInterval = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly IntrospectionAudit _mode = options.Audit.Introspection;
    private readonly int _oneIn = options.Audit.SampleOneIn;
    private List<AuditEvent> _waiting = [];
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;
    private long _dropped, _signedAt;
    private IntrospectionJournal? _journal;
    private ITimer? _signing, _retaining;

    /// <summary>Records an introspection as the settings want it. With <c>all</c> it is done when the record is in the file, and what fails is a <see cref="StoreException"/>.</summary>
    internal ValueTask Introspected(FormExchange exchange, ReadOnlySpan<byte> token, in FoundToken found, InactiveReason reason)
    {
        if (_mode is not IntrospectionAudit.All && !IsWanted(reason is InactiveReason.None)) return ValueTask.CompletedTask;
        return Record(exchange, token, found, reason);
    }

    /// <summary>Records a request that was refused because of who asked: one line for every form endpoint.</summary>
    internal void Refused(FormExchange exchange, string endpoint)
    {
        if (KindOf(exchange.Outcome) is not { } kind) return;
        Record(new AuditEvent(kind)
        {
            Outcome = "failure",
            Reason = exchange.Reason,
            Actor = exchange.Caller?.Id,
            Client = exchange.Caller?.Id ?? exchange.Claimed,
            Endpoint = endpoint,
            Origin = AuditOrigin.Of(exchange.Http, exchange.Caller?.Id),
        });
    }

    /// <summary>Records that somebody was turned away from the admin API, or from what is guarded like it.</summary>
    internal void GateRefused(HttpContext http, string endpoint, string code) => Record(new AuditEvent(code == OAuthError.InsufficientScope.Code || code == OAuthError.AccessDenied.Code ? AuditKind.AccessRefused : AuditKind.AuthenticationFailed)
    {
        Outcome = "failure", Reason = code, Endpoint = endpoint, Origin = AuditOrigin.Of(http, null),
    });

    /// <summary>Records that somebody who may revoke asked for what can't be done: which subject, where it could be read.</summary>
    internal void RevocationRefused(HttpContext http, string actor, string? subject, string? tenant, string reason) => Record(new AuditEvent(AuditKind.AccessRefused)
    {
        Outcome = "failure", Reason = reason, Actor = actor, Client = actor, Subject = subject, Tenant = tenant, Endpoint = "global_revocation", Origin = AuditOrigin.Of(http, actor),
    });

    /// <summary>Records what comes with no change: failures, limits, detections. Written in batches; what doesn't fit is counted, and a gap record tells of it.</summary>
    internal void Record(AuditEvent e)
    {
        e.At = recorder.Now;
        lock (_lock)
        {
            if (_waiting.Count >= MaxWaiting)
            {
                _dropped++;
                counts.Dropped(1);
                return;
            }
            _waiting.Add(e);
            if (!_isWriting) Start();
        }
    }

    /// <summary>Whether introspections can be answered: with <c>all</c>, only while they can be recorded. After a failure asking begins another try, so that the next asking knows.</summary>
    internal bool CanAnswer()
    {
        if (_mode is not IntrospectionAudit.All || _journal is not { IsFailing: true } journal) return true;
        journal.Checkpoint(); // Writes at least the record of what was lost.
        return false;
    }

    /// <summary>Writes what waits, and signs both chains: that of the introspections first, so that the other vouches for its end.</summary>
    internal async Task SignAsync()
    {
        await FlushAsync();
        _journal?.Checkpoint();
        var synced = recorder.SyncedIntrospections.N;
        await store.SignAuditAsync(recorder.ChangesHead.Unsigned > 0 || synced > _signedAt);
        _signedAt = synced;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_mode is not IntrospectionAudit.Off) _journal = services.GetRequiredService<IntrospectionJournal>();
        Record(AuditEvent.Began(_mode, _oneIn));
        _signing = time.CreateTimer(_ => Soon(SignAsync), null, options.Audit.CheckpointInterval, options.Audit.CheckpointInterval);
        _retaining = time.CreateTimer(_ => Soon(retention.RunAsync), null, RetentionInterval, RetentionInterval);
        await SignAsync();
    }

    /// <summary>After the last request: both chains end with a checkpoint.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_signing is not null) await _signing.DisposeAsync();
        if (_retaining is not null) await _retaining.DisposeAsync();
        if (_journal is not null) await _journal.DisposeAsync();
        try
        {
            await SignAsync();
        }
        catch (StoreException)
        {
            // The store is gone: its last records stay without a signature, which verifying tells. Stopping goes on.
        }
        await syslog.DisposeAsync();
    }

    /// <summary>Done when everything that was told of before is written.</summary>
    internal async Task FlushAsync()
    {
        while (true)
        {
            Task writing;
            lock (_lock)
            {
                if (!_isWriting && _waiting.Count == 0) return;
                if (!_isWriting) Start();
                writing = _writing;
            }
            await writing;
        }
    }

    private static string? KindOf(string outcome) => outcome switch
    {
        "invalid_client" => AuditKind.AuthenticationFailed,
        "access_denied" or "unauthorized_client" or "invalid_target" or "invalid_scope" => AuditKind.AccessRefused,
        _ => null,
    };

    private bool IsWanted(bool isActive) => _mode switch
    {
        IntrospectionAudit.Refused => !isActive,
        IntrospectionAudit.Sampled => !isActive || _oneIn == 1 || Random.Shared.Next(_oneIn) == 0,
        _ => false,
    };

    private ValueTask Record(FormExchange exchange, ReadOnlySpan<byte> token, in FoundToken found, InactiveReason reason)
    {
        if (_journal is not { } journal) return ValueTask.CompletedTask;
        var body = recorder.Json(Event(exchange, token, found, reason));
        if (_mode is IntrospectionAudit.All) return journal.WriteAsync(body);
        journal.TryWrite(body);
        return ValueTask.CompletedTask;
    }

    private AuditEvent Event(FormExchange exchange, ReadOnlySpan<byte> token, in FoundToken found, InactiveReason reason)
    {
        var record = found.Record;
        return new AuditEvent(AuditKind.Introspected)
        {
            Outcome = reason is InactiveReason.None ? "active" : "inactive",
            Reason = reason is InactiveReason.None ? null : reason.Name(),
            Actor = exchange.Caller!.Id,
            Client = record?.ClientId,
            Subject = record?.Subject,
            Session = record?.Session,
            Grant = record?.Grant,
            Tenant = record?.Tenant,
            Jti = found.Entry is { } entry ? AuditJson.JtiOf(entry.Answer) : null,
            // An unknown token is told by its hash, so that tries with one token are seen as such; what can't be a token may be a password in the wrong field, and is not.
            Token = record?.Hash ?? (reason is InactiveReason.Unknown ? TokenHash.Of(token) : null),
            Revocation = found.Match?.Seq,
            DurationMicroseconds = (long)time.GetElapsedTime(exchange.Started).TotalMicroseconds,
            Origin = AuditOrigin.Of(exchange.Http, exchange.Caller.Id),
        };
    }

    private void Start()
    {
        _isWriting = true;
        _writing = Task.Run(WriteAsync);
    }

    private async Task WriteAsync()
    {
        while (true)
        {
            List<AuditEvent> batch;
            long dropped;
            lock (_lock)
            {
                if (_waiting.Count == 0)
                {
                    _isWriting = false;
                    return;
                }
                (batch, _waiting) = (_waiting, []);
                (dropped, _dropped) = (_dropped, 0);
            }
            if (dropped > 0) batch.Add(AuditEvent.Gap(dropped));
            try
            {
                await store.RecordAsync(batch);
            }
            catch (Exception failed)
            {
                // The answer was given long ago: the gap is told of when the store can write again.
                faults.AuditFailed(failed);
                counts.Dropped(batch.Count);
                lock (_lock)
                {
                    _dropped += dropped + batch.Count;
                    _isWriting = false;
                }
                return;
            }
        }
    }

    private async void Soon(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception failed)
        {
            faults.AuditFailed(failed);
        }
    }
}

/// <summary>The parts of the audit.</summary>
internal static class AuditServices
{
    internal static void AddAudit(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(options.Audit);
        // After the data folder is taken: two processes must not make two keys.
        services.AddSingleton(provider =>
        {
            _ = provider.GetRequiredService<DataFolder>();
            return AuditKey.Open(options.Data);
        });
        services.AddSingleton<AuditCounts>();
        services.AddSingleton<AuditRecorder>();
        services.AddSingleton<IntrospectionJournal>();
        services.AddSingleton<AuditRetention>();
        services.AddSingleton<SyslogSender>();
        services.AddSingleton<AuditLog>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditLog>());
    }
}
