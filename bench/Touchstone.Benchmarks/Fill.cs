using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Touchstone.Benchmarks;

/// <summary>Puts numbered tokens into a database of PostgreSQL by binary COPY, past the server: <c>bench-100000000042</c> and so on, each with the row that a registration would have made.</summary>
/// <remarks>All names are as long, without leading zeros: pgbench makes their hashes too, and cheaply.</remarks>
internal static class Fill
{
    private const int Word = 12;

    /// <summary>The rows of so many tokens from this number on, which expire so many seconds from now, negative for those that did.</summary>
    internal static async Task RunAsync(string connection, int first, int count, int expiresIn)
    {
        await using var opened = new NpgsqlConnection(connection);
        await opened.OpenAsync();
        await using var copy = await opened.BeginBinaryImportAsync(
            "COPY tokens (hash, kind, client_id, issuer, born, issued_at, expires_at, subject, username, scope, audience, jti, session, tenant) FROM STDIN (FORMAT BINARY)");
        copy.Timeout = TimeSpan.FromMinutes(30);
        var expires = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + expiresIn;
        var token = new byte[6 + Word];
        var hash = new byte[SHA256.HashSizeInBytes];
        for (var number = first; number < first + count; number++)
        {
            Encoding.ASCII.GetBytes(Value(number), token);
            SHA256.HashData(token, hash);
            var subject = number / 3; // Three tokens for each user.
            await copy.StartRowAsync();
            await copy.WriteAsync(hash, NpgsqlDbType.Bytea);
            await copy.WriteAsync((short)1, NpgsqlDbType.Smallint);
            await copy.WriteAsync(Prepare.App, NpgsqlDbType.Text);
            await copy.WriteAsync("https://tokens.bench.example", NpgsqlDbType.Text);
            await copy.WriteAsync(0L, NpgsqlDbType.Bigint);
            await copy.WriteAsync(expires - 3600, NpgsqlDbType.Bigint);
            await copy.WriteAsync(expires, NpgsqlDbType.Bigint);
            await copy.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"user-{subject:D8}"), NpgsqlDbType.Text);
            await copy.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"user{subject}@bench.example"), NpgsqlDbType.Text);
            await copy.WriteAsync("orders:read orders:write", NpgsqlDbType.Text);
            await copy.WriteAsync(Prepare.Audience, NpgsqlDbType.Text);
            await copy.WriteAsync(Convert.ToBase64String(hash, 0, 16), NpgsqlDbType.Text);
            await copy.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"session-{subject:D8}"), NpgsqlDbType.Text);
            await copy.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"tenant-{subject % 1000}"), NpgsqlDbType.Text);
        }
        await copy.CompleteAsync();
    }

    internal static string Value(int number) => string.Create(CultureInfo.InvariantCulture, $"bench-1{number:D11}");
}
