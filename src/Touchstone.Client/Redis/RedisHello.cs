using System.Globalization;
using System.Text;

namespace Touchstone.Client.Redis;

/// <summary>
/// The greeting (<c>HELLO 3</c>, Redis 6 and newer): it proves who we are, and its reply says what the server is: of a cluster or not, primary or replica. So that needs no command, and no permission, of its own.
/// </summary>
internal static class RedisHello
{
    internal static ReadOnlyMemory<byte>[] Command(string? user, string? password)
    {
        List<ReadOnlyMemory<byte>> arguments = ["HELLO"u8.ToArray(), "3"u8.ToArray()];
        if (password is not null) arguments.AddRange(["AUTH"u8.ToArray(), Encoding.UTF8.GetBytes(user ?? "default"), Encoding.UTF8.GetBytes(password)]);
        // What CLIENT LIST shows.
        arguments.AddRange(["SETNAME"u8.ToArray(), "touchstone"u8.ToArray()]);
        return [.. arguments];
    }

    /// <summary>Whether a server can be used. What it does not say is not held against it.</summary>
    internal static (RedisFault, string)? JudgeServer(RespValue hello) => hello switch
    {
        _ when hello.Find("mode"u8) is { } mode && mode.Is("cluster"u8) => (RedisFault.Cluster, "it is a node of a cluster"),
        _ when hello.Find("mode"u8) is { } mode && mode.Is("sentinel"u8) => (RedisFault.Malformed, "it is a sentinel; name it in Sentinels"),
        _ when hello.Find("role"u8) is { } role && (role.Is("replica"u8) || role.Is("slave"u8)) => (RedisFault.ReadOnly, "it is a replica"),
        _ => null,
    };

    /// <summary>Whether it is a sentinel.</summary>
    internal static (RedisFault, string)? JudgeSentinel(RespValue hello) => hello.Find("mode"u8) is { } mode && mode.Is("sentinel"u8) ? null : (RedisFault.Malformed, "it is no sentinel");

    /// <summary>Reads where the primary is: host and port. Null where that is not what it says.</summary>
    internal static RedisEndpoint? ReadAddress(RespValue reply)
    {
        if (reply.Items is not [{ Bytes: { Length: > 0 and <= 255 } host }, { Bytes: { } digits }]) return null;
        var name = Encoding.UTF8.GetString(host);
        return Uri.CheckHostName(name) is not UriHostNameType.Unknown && ushort.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0 ? new RedisEndpoint(name, port) : null;
    }
}
