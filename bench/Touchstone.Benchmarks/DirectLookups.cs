using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Touchstone.Benchmarks;

/// <summary>Point look-ups of numbered tokens, by chance, without a server in between: what the database itself needs for them.</summary>
internal static class DirectLookups
{
    private const string Columns =
        "kind, client_id, issuer, born, issued_at, not_before, expires_at, subject, username, scope, audience, jti, grant_id, session, tenant, ancestors, cnf, act, authorization_details, claims";

    /// <summary>Prints look-ups a second, p50 and p99 in microseconds.</summary>
    internal static async Task RunAsync(string connection, string table, int tokens, int connections, int seconds)
    {
        await RunAsync(connection, table, tokens, connections, TimeSpan.FromSeconds(2)); // Uncounted: compiles, prepares.
        var took = await RunAsync(connection, table, tokens, connections, TimeSpan.FromSeconds(seconds));
        Array.Sort(took);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{took.Length / seconds} {took[took.Length / 2]:F0} {took[took.Length * 99L / 100]:F0}"));
    }

    private static async Task<double[]> RunAsync(string connection, string table, int tokens, int connections, TimeSpan time) =>
        [.. (await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(() => LookUpAsync(connection, table, tokens, time))))).SelectMany(took => took)];

    private static async Task<List<double>> LookUpAsync(string connection, string table, int tokens, TimeSpan time)
    {
        await using var opened = new NpgsqlConnection(connection + ";Pooling=false");
        await opened.OpenAsync();
        await using var find = new NpgsqlCommand($"SELECT {Columns} FROM {table} WHERE hash = $1", opened);
        find.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bytea, Value = Array.Empty<byte>() });
        await find.PrepareAsync();
        var took = new List<double>(1 << 17);
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < time;)
        {
            find.Parameters[0].Value = SHA256.HashData(Encoding.ASCII.GetBytes(Fill.Value(Random.Shared.Next(tokens))));
            var asked = Stopwatch.GetTimestamp();
            await using var row = await find.ExecuteReaderAsync();
            if (!await row.ReadAsync()) throw new InvalidOperationException("A token is missing.");
            took.Add(Stopwatch.GetElapsedTime(asked).TotalMicroseconds);
        }
        return took;
    }
}
