using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Touchstone.Client.Redis;

/// <summary>What became of connecting: a connection that is ready for calls, or why there is none.</summary>
/// <param name="Endpoint">Where it was tried last.</param>
/// <param name="Connection">Ready; null where there is none.</param>
/// <param name="Fault">Why there is none.</param>
/// <param name="Detail">More about that, for the log: our own words, and those of the operating system and of TLS; none of the server's.</param>
internal readonly record struct RedisDialed(RedisEndpoint Endpoint, RedisConnection? Connection, RedisFault Fault = RedisFault.NotConnected, string Detail = "");

/// <summary>Makes connections that are ready for calls: to the server of the settings, or to the one that sentinels call the primary. Failures are values.</summary>
internal sealed class RedisDialer(RedisSettings settings, TimeProvider time)
{
    private int _lastSentinel;

    internal async Task<RedisDialed> DialAsync(CancellationToken stopping)
    {
        if (settings.Sentinels.Count == 0) return await DialAsync(settings.Server, PrepareAsync, stopping);
        var (dialed, first) = (default(RedisDialed), Volatile.Read(ref _lastSentinel));
        for (var i = 0; i < settings.Sentinels.Count; i++)
        {
            // The one that was right last time is asked first. One that was cut off may name a primary of before, so the next is asked where its word leads nowhere.
            var index = (first + i) % settings.Sentinels.Count;
            dialed = await DialThroughAsync(settings.Sentinels[index], stopping);
            if (dialed.Connection is null) continue;
            Volatile.Write(ref _lastSentinel, index);
            break;
        }
        return dialed;
    }

    private async Task<RedisDialed> DialThroughAsync(RedisPeer sentinel, CancellationToken stopping)
    {
        RedisEndpoint? primary = null;
        var asked = await DialAsync(sentinel, async (connection, peer, patience) =>
        {
            if (await GreetAsync(connection, peer, RedisHello.JudgeSentinel, patience) is { } refused) return refused;
            var reply = await connection.SendAsync(RespKind.Items | RespKind.Null, "SENTINEL"u8.ToArray(), "GET-MASTER-ADDR-BY-NAME"u8.ToArray(), Encoding.UTF8.GetBytes(settings.ServiceName!)).WaitAsync(patience);
            if (reply.Fault is { } fault) return (fault, "the sentinel does not say where the primary is");
            primary = RedisHello.ReadAddress(reply.Value);
            return primary is null ? (RedisFault.NotConnected, "the sentinel knows no such service") : null;
        }, stopping);
        asked.Connection?.Dispose();
        return primary is null ? asked : await DialAsync(settings.Server with { Endpoint = primary.Value }, PrepareAsync, stopping);
    }

    private async Task<(RedisFault, string)?> PrepareAsync(RedisConnection connection, RedisPeer peer, CancellationToken patience)
    {
        if (await GreetAsync(connection, peer, RedisHello.JudgeServer, patience) is { } refused) return refused;
        if (settings.Database == 0) return null;
        var selected = await connection.SendAsync(RespKind.Text, "SELECT"u8.ToArray(), RespWriter.Number(settings.Database)).WaitAsync(patience);
        return selected.Fault is { } fault ? (fault, "the database can't be selected") : null;
    }

    private static async Task<(RedisFault, string)?> GreetAsync(RedisConnection connection, RedisPeer peer, Func<RespValue, (RedisFault, string)?> judge, CancellationToken patience)
    {
        string? password;
        try
        {
            password = peer.Password?.Invoke();
        }
        catch (Exception broken)
        {
            return (RedisFault.Refused, $"the password could not be had: {broken.GetType().Name}");
        }
        var reply = await connection.SendAsync(RespKind.Items, RedisHello.Command(peer.User, password)).WaitAsync(patience);
        return reply.Fault is { } fault ? (fault, "the greeting was refused") : judge(reply.Value);
    }

    private async Task<RedisDialed> DialAsync(RedisPeer peer, Func<RedisConnection, RedisPeer, CancellationToken, Task<(RedisFault, string)?>> prepare, CancellationToken stopping)
    {
        if (!settings.MayConnect(peer)) return new(peer.Endpoint, null, RedisFault.Tls, "the host is another one, and TLS is off");
        using var patience = new CancellationTokenSource(settings.ConnectTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        RedisConnection? connection = null;
        try
        {
            connection = new RedisConnection(await OpenAsync(peer, both.Token), settings.MaxPending, settings.Patience, time);
            if (await prepare(connection, peer, both.Token) is not var (fault, detail)) return new(peer.Endpoint, connection);
            connection.Dispose();
            return new(peer.Endpoint, null, fault, detail);
        }
        catch (OperationCanceledException)
        {
            connection?.Dispose();
            stopping.ThrowIfCancellationRequested();
            return new(peer.Endpoint, null, RedisFault.Timeout, "no connection within ConnectTimeout");
        }
        catch (AuthenticationException untrusted)
        {
            return new(peer.Endpoint, null, RedisFault.Tls, untrusted.Message);
        }
        catch (SocketException gone)
        {
            return new(peer.Endpoint, null, RedisFault.NotConnected, gone.SocketErrorCode.ToString());
        }
        catch (IOException)
        {
            return new(peer.Endpoint, null, RedisFault.NotConnected, "the connection broke while TLS was agreed on");
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    private async Task<Stream> OpenAsync(RedisPeer peer, CancellationToken patience)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(peer.Endpoint.Host, peer.Endpoint.Port, patience);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (!peer.Tls) return stream;
            var tls = new SslStream(stream);
            stream = tls;
            await tls.AuthenticateAsClientAsync(settings.TlsWith(peer.Endpoint.Host), patience);
            return tls;
        }
        catch
        {
            if (stream is not null) await stream.DisposeAsync();
            else socket.Dispose();
            throw;
        }
    }
}
