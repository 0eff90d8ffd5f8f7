using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server;
using Touchstone.Server.Audit;
using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Sqlite;
using Touchstone.Server.Telemetry;

namespace Touchstone.Benchmarks;

/// <summary>A look-up of a random one of 100,000 tokens: through the framework's reader, through ours, and through the store as a request uses it.</summary>
[MemoryDiagnoser]
public class SqliteReadBenchmarks
{
    private const int Count = 100_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("touchstone-bench").FullName;
    private readonly TokenHash[] _hashes = new TokenHash[Count];
    private DataFolder _held = null!;
    private SqliteFile _file = null!;
    private SqliteTokenStore _store = null!;
    private SqliteReader _reader = null!;
    private SqliteCommand _command = null!;
    private int _next;

    [GlobalSetup]
    public void Fill()
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        _held = DataFolder.Open(_folder);
        _file = new SqliteFile(_held);
        _store = new SqliteTokenStore(_held, new ServerOptions(), new AuditRecorder(AuditKey.Open(_folder), new AuditOptions(), new AuditCounts(), TimeProvider.System), new ServerMetrics(meters), TimeProvider.System);
        _store.LoadAsync((_, _, _) => { }, CancellationToken.None).GetAwaiter().GetResult();
        for (var i = 0; i < Count; i += 1000) _store.AddTokensAsync([.. Enumerable.Range(i, 1000).Select(Record)]).GetAwaiter().GetResult();
        RandomNumberGenerator.Shuffle(_hashes.AsSpan());
        _reader = new SqliteReader(_file.Connect(1024), new Interned());
        var connection = _file.Connect(1024);
        _command = connection.CreateCommand();
        _command.CommandText = "SELECT kind, client_id, issuer, born, issued_at, not_before, expires_at, subject, username, scope, audience, jti, grant_id, session, tenant, ancestors, cnf, act, authorization_details, claims FROM tokens WHERE hash = $hash";
        _command.Parameters.Add("$hash", SqliteType.Blob);
        _command.Prepare();
    }

    [GlobalCleanup]
    public void Remove()
    {
        _reader.Dispose();
        _command.Connection!.Dispose();
        _store.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public long Framework()
    {
        _command.Parameters[0].Value = Next().ToArray();
        using var row = _command.ExecuteReader();
        row.Read();
        var sum = row.GetInt64(0) + row.GetInt64(3) + row.GetInt64(4) + row.GetInt64(6);
        foreach (var column in (ReadOnlySpan<int>)[1, 2, 7, 8, 9, 10, 11]) sum += row.GetString(column).Length;
        foreach (var column in (ReadOnlySpan<int>)[5, 12, 13, 14, 15, 16, 17, 18, 19]) sum += row.IsDBNull(column) ? 0 : 1;
        return sum;
    }

    [Benchmark]
    public long Reader() => _reader.Find(Next())!.ExpiresAt;

    [Benchmark]
    public long Store() => _store.FindAsync(Next(), judge: false, CancellationToken.None).Result.Record!.ExpiresAt;

    private TokenHash Next() => _hashes[_next = (_next + 1) % Count];

    private TokenRecord Record(int number)
    {
        _hashes[number] = TokenHash.Of($"token-{number}");
        return new TokenRecord
        {
            Hash = _hashes[number], Kind = TokenKind.AccessToken, ClientId = "bench-app", Issuer = "https://tokens.bench.example", IssuedAt = 1, ExpiresAt = 2, Born = 0, Subject = $"user-{number:D8}",
            Username = $"user{number}@bench.example", Scope = ScopeSet.TryParse("orders:read orders:write", out var scope) ? scope : ScopeSet.Empty, Audience = ["https://orders.bench.example"], Jti = $"{number:D22}",
        };
    }
}
