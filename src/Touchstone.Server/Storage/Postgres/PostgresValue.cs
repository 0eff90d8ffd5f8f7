using Npgsql;
using NpgsqlTypes;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>Values with their types: a NULL without one would make another statement to prepare for each combination of them.</summary>
internal static class PostgresValue
{
    internal static NpgsqlParameter Text(string? value) => Of(NpgsqlDbType.Text, value);

    internal static NpgsqlParameter Long(long? value) => Of(NpgsqlDbType.Bigint, value);

    internal static NpgsqlParameter Short(int value) => Of(NpgsqlDbType.Smallint, (short)value);

    internal static NpgsqlParameter Bool(bool value) => Of(NpgsqlDbType.Boolean, value);

    internal static NpgsqlParameter Id(Guid value) => Of(NpgsqlDbType.Uuid, value);

    internal static NpgsqlParameter Bytes(byte[]? value) => Of(NpgsqlDbType.Bytea, value);

    /// <summary>Hashes one after the other; NULL for none.</summary>
    internal static NpgsqlParameter Hashes(IReadOnlyList<TokenHash> hashes) => Bytes(hashes.Count == 0 ? null : [.. hashes.SelectMany(hash => hash.ToArray())]);

    internal static NpgsqlParameter Texts(string?[] values) => Of(NpgsqlDbType.Array | NpgsqlDbType.Text, values);

    internal static NpgsqlParameter Longs(long?[] values) => Of(NpgsqlDbType.Array | NpgsqlDbType.Bigint, values);

    internal static NpgsqlParameter Shorts(short[] values) => Of(NpgsqlDbType.Array | NpgsqlDbType.Smallint, values);

    internal static NpgsqlParameter Ids(Guid[] values) => Of(NpgsqlDbType.Array | NpgsqlDbType.Uuid, values);

    internal static NpgsqlParameter Blobs(byte[][] values) => Of(NpgsqlDbType.Array | NpgsqlDbType.Bytea, values);

    /// <summary>JSON is kept as the text it came in: <c>jsonb</c> would change its numbers.</summary>
    internal static NpgsqlParameter Json(ReadOnlyMemory<byte> utf8) => Text(utf8.IsEmpty ? null : System.Text.Encoding.UTF8.GetString(utf8.Span));

    private static NpgsqlParameter Of(NpgsqlDbType type, object? value) => new() { NpgsqlDbType = type, Value = value ?? DBNull.Value };
}
