using System.Collections.Concurrent;
using System.Text;
using Touchstone.Server.Limits;

namespace Touchstone.Server.Clients;

/// <summary>All clients in memory: one look-up without lock or allocation. The store writes through it after each commit.</summary>
internal sealed class ClientDirectory
{
    private readonly ConcurrentDictionary<string, Client> _clients = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Client>.AlternateLookup<ReadOnlySpan<char>> _byChars;

    private readonly LimitOptions _limits;
    private readonly TimeProvider _time;
    private long _version;

    public ClientDirectory(ServerOptions options, TimeProvider time)
    {
        _byChars = _clients.GetAlternateLookup<ReadOnlySpan<char>>();
        (_limits, _time) = (options.Limits, time);
    }

    /// <summary>The key of pairwise subjects; there before the first client is put.</summary>
    internal byte[]? PairwiseKey { get; set; }

    /// <summary>Grows with each change.</summary>
    internal long Version => Volatile.Read(ref _version);

    internal Client? Find(string id) => _clients.GetValueOrDefault(id);

    /// <summary>Finds by the bytes that a request carried; identifiers are printable ASCII, so anything else is unknown.</summary>
    internal Client? Find(ReadOnlySpan<byte> id)
    {
        if (id.Length > ClientRules.MaxIdLength) return null;
        Span<char> chars = stackalloc char[ClientRules.MaxIdLength];
        if (Ascii.ToUtf16(id, chars, out var length) is not System.Buffers.OperationStatus.Done) return null;
        return _byChars.TryGetValue(chars[..length], out var client) ? client : null;
    }

    /// <summary>Called by one at a time: at start, and by the store's writer.</summary>
    internal void Put(ClientRegistration registration)
    {
        var previous = _clients.GetValueOrDefault(registration.ClientId);
        _clients[registration.ClientId] = new Client(registration, ClientGate.Of(registration.Limits, _limits, previous?.Gate, _time), previous, PairwiseKey);
        Interlocked.Increment(ref _version);
    }

    /// <summary>These are all there are: those that a restored database does not know are gone.</summary>
    internal void Replace(IReadOnlyList<ClientRegistration> registrations)
    {
        foreach (var registration in registrations) Put(registration);
        var left = registrations.Select(registration => registration.ClientId).ToHashSet(StringComparer.Ordinal);
        foreach (var id in _clients.Keys.Where(id => !left.Contains(id))) _clients.TryRemove(id, out _);
        Interlocked.Increment(ref _version);
    }

    internal IEnumerable<Client> All => _clients.Values;

    /// <summary>A page in order of identifier, beginning after the given one.</summary>
    internal IReadOnlyList<Client> Page(string? after, int limit) =>
        [.. _clients.Values.Where(c => after is null || string.CompareOrdinal(c.Id, after) > 0).OrderBy(c => c.Id, StringComparer.Ordinal).Take(limit)];
}
