using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// Writes and reads notifications: <c>sender.seq.changes</c>, which only wakes, and after a dot what saves whoever is woken a round trip, the rows or the acknowledgement themselves.
/// Anybody who may connect to the database may send and hear notifications, so this part is sealed under a key that lies in the database, where only who may read the log can read it: AES-256-GCM,
/// a key for each sender (HKDF-SHA256), its nonces counted.
/// </summary>
/// <remarks>A revocation waits for two round trips instead of four. Measured with three nodes on two cores, in pairs: its median went from 6.6 to 5.8 ms.</remarks>
internal sealed class PostgresNotices(string sender)
{
    /// <summary>Where the key lies among the settings.</summary>
    internal const string Setting = "notices_secret";

    private const int KeySize = 32, NonceSize = 12, TagSize = 16;
    private const int MaxLength = 7900; // PostgreSQL takes 7999 bytes.
    private const int MaxSenders = 256; // Processes come and go.

    private readonly Lock _one = new();
    private readonly Dictionary<string, byte[]> _keys = [];
    private byte[]? _secret;
    private long _count;

    /// <summary>A key, for the first process that starts.</summary>
    internal static string NewSecret() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeySize));

    /// <summary>The key as it stands among the settings. Without it, notifications only wake.</summary>
    internal void Use(string? secret)
    {
        lock (_one)
        {
            _secret = secret is null ? null : Convert.FromBase64String(secret);
            _keys.Clear();
        }
    }

    /// <summary>That the log has grown or registrations have changed, and no more.</summary>
    internal string Wake(long seq, long clientChanges) => string.Create(CultureInfo.InvariantCulture, $"{sender}.{seq}.{clientChanges}");

    /// <summary>The rows of a transaction; null where they don't fit, or where there is more to it than rows.</summary>
    internal string? Rows(PostgresTransaction committed)
    {
        if (!committed.HasOnlyRows || committed.Rows.Count > 64) return null;
        var rows = new SealedRows(committed.Before.ToString(), [.. committed.Rows.Select(SealedRow.Of)]);
        return Seal(PostgresDatabase.Channel, Wake(committed.Seq, committed.ClientChanges), JsonSerializer.SerializeToUtf8Bytes(rows, SealedJson.Default.SealedRows));
    }

    /// <summary>That a node has everything up to here in memory.</summary>
    internal string Acknowledged(Guid instance, LogCursor cursor)
    {
        var wake = Wake(cursor.Seq, 0);
        return Seal(PostgresDatabase.Acknowledged, wake, Encoding.ASCII.GetBytes($"{instance:N}.{cursor}")) ?? wake;
    }

    /// <summary>Reads a notification; null for one that no process of ours sends.</summary>
    internal PostgresNotice? Read(string channel, string payload)
    {
        var parts = payload.Split('.', 4);
        if (parts.Length < 3 || !PostgresDatabase.IsSender(parts[0]) || !TryNumber(parts[1], out var seq) || !TryNumber(parts[2], out var changes)) return null;
        var notice = new PostgresNotice(parts[0], seq, changes);
        if (parts.Length == 3) return notice;
        var isOfLog = channel == PostgresDatabase.Channel;
        var wake = payload[..^(parts[3].Length + 1)];
        if (Unseal(parts[0], isOfLog ? PostgresDatabase.Channel : PostgresDatabase.Acknowledged, wake, parts[3]) is not { } opened) return notice;
        return isOfLog ? notice with { Rows = RowsOf(opened) } : notice with { Acknowledgement = AcknowledgementOf(Encoding.ASCII.GetString(opened)) };
    }

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static NoticedRows? RowsOf(byte[] opened)
    {
        try
        {
            var told = JsonSerializer.Deserialize(opened, SealedJson.Default.SealedRows);
            if (told is null || told.Rows.Length == 0 || !TryCursor(told.Before, out var before)) return null;
            return new NoticedRows(before, [.. told.Rows.Select(row => row.ToRow())]);
        }
        catch (Exception other) when (other is JsonException or StoreException)
        {
            return null; // Of another version: the log has them, or says that it can't be read.
        }
    }

    private static NodeAcknowledgement? AcknowledgementOf(string opened) =>
        opened.Length > 33 && Guid.TryParseExact(opened.AsSpan(0, 32), "N", out var instance) && TryCursor(opened[33..], out var cursor) ? new NodeAcknowledgement(instance, cursor) : null;

    private static bool TryCursor(string text, out LogCursor cursor) => LogCursor.TryParse(text, out cursor);

    private string? Seal(string channel, string wake, byte[] plain)
    {
        if (KeyOf(sender) is not { } key) return null;
        var result = new byte[NonceSize + plain.Length + TagSize];
        BitConverter.TryWriteBytes(result, Interlocked.Increment(ref _count));
        using var cipher = new AesGcm(key, TagSize);
        cipher.Encrypt(result.AsSpan(0, NonceSize), plain, result.AsSpan(NonceSize, plain.Length), result.AsSpan(NonceSize + plain.Length), Encoding.ASCII.GetBytes(channel + wake));
        var payload = $"{wake}.{Convert.ToBase64String(result)}";
        return payload.Length > MaxLength ? null : payload;
    }

    private byte[]? Unseal(string from, string channel, string wake, string text)
    {
        var box = new byte[text.Length];
        if (KeyOf(from) is not { } key || !Convert.TryFromBase64String(text, box, out var length) || length < NonceSize + TagSize) return null;
        var plain = new byte[length - NonceSize - TagSize];
        using var cipher = new AesGcm(key, TagSize);
        try
        {
            cipher.Decrypt(box.AsSpan(0, NonceSize), box.AsSpan(NonceSize, plain.Length), box.AsSpan(NonceSize + plain.Length, TagSize), plain, Encoding.ASCII.GetBytes(channel + wake));
            return plain;
        }
        catch (CryptographicException)
        {
            return null; // Not of a node of ours.
        }
    }

    private byte[]? KeyOf(string name)
    {
        lock (_one)
        {
            if (_secret is null) return null;
            if (_keys.TryGetValue(name, out var key)) return key;
            if (_keys.Count >= MaxSenders) _keys.Clear();
            return _keys[name] = HKDF.DeriveKey(HashAlgorithmName.SHA256, _secret, KeySize, info: Encoding.ASCII.GetBytes(name));
        }
    }
}

/// <summary>Rows in a notification, and the cursor before them.</summary>
internal sealed record SealedRows(string Before, SealedRow[] Rows);

/// <summary>A row as its columns are in the database (<see cref="PostgresRows"/>).</summary>
internal sealed record SealedRow(long Seq, Guid Id, long At, short Kind, string Name, string? Issuer, string? Tenant, long? IssuedBefore, long ForgetAfter, string Actor, string? Reason)
{
    internal static SealedRow Of(RevocationRow row) =>
        new(row.Seq, row.Id, row.At, (short)row.Selector.Kind, PostgresRows.NameOf(row.Selector), row.Selector.Issuer, row.Selector.Group, row.IssuedBefore, row.ForgetAfter, row.Actor, row.Reason);

    internal RevocationRow ToRow() => new()
    {
        Seq = Seq,
        Id = Id,
        At = At,
        Selector = PostgresRows.SelectorOf(Seq, (SelectorKind)Kind, Name, Issuer, Tenant),
        IssuedBefore = IssuedBefore,
        ForgetAfter = ForgetAfter,
        Actor = Actor,
        Reason = Reason,
    };
}

[JsonSerializable(typeof(SealedRows))]
internal sealed partial class SealedJson : JsonSerializerContext;
