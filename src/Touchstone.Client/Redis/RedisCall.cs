namespace Touchstone.Client.Redis;

/// <summary>What became of a call: a reply, or why there is none.</summary>
internal readonly record struct RedisReply(RespValue Value, RedisFault? Fault = null);

/// <summary>A command that was sent and waits for its reply. It keeps its place in the order of replies even when nobody waits for it any more, so that a late reply is never another's.</summary>
/// <param name="understood">What its reply may be, besides an error. Anything else means that replies and calls don't match any more.</param>
/// <param name="began">The timestamp of its beginning.</param>
internal sealed class RedisCall(RespKind understood, long began)
{
    // The reader of a connection goes on reading; who waits goes on elsewhere.
    private readonly TaskCompletionSource<RedisReply> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal long Began => began;

    internal Task<RedisReply> Reply => _told.Task;

    internal bool Understands(RespKind kind) => ((understood | RespKind.Error) & kind) != 0;

    internal void Tell(in RedisReply reply) => _told.TrySetResult(reply);

    /// <summary>What an error of Redis comes to. Its first word says it; the rest is prose, and may repeat what was sent.</summary>
    internal static RedisFault FaultOf(ReadOnlySpan<byte> error)
    {
        var end = error.IndexOf((byte)' ');
        return (end < 0 ? error : error[..end]) switch
        {
            var code when code.SequenceEqual("NOAUTH"u8) || code.SequenceEqual("WRONGPASS"u8) || code.SequenceEqual("NOPERM"u8) => RedisFault.Refused,
            var code when code.SequenceEqual("OOM"u8) => RedisFault.Full,
            var code when code.SequenceEqual("READONLY"u8) => RedisFault.ReadOnly,
            var code when code.SequenceEqual("MOVED"u8) || code.SequenceEqual("ASK"u8) || code.SequenceEqual("CLUSTERDOWN"u8) || code.SequenceEqual("CROSSSLOT"u8) => RedisFault.Cluster,
            _ => RedisFault.ServerError,
        };
    }
}
