using Microsoft.AspNetCore.Http;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Clients;

namespace Touchstone.Server.ClientAuth;

/// <summary>One refusal of a caller, as an administrator sees it.</summary>
internal sealed record CallerFailure(long At, string Reason, string? Method, string? Address, string Path, string ClientId);

/// <summary>
/// The last refusals of each caller, so that "why was it refused?" has an answer. In memory and bounded: <see cref="PerClient"/> for each of <see cref="MaxClients"/> clients,
/// and one list of <see cref="MaxUnknown"/> for identifiers that no client has.
/// </summary>
internal sealed class CallerFailures(TimeProvider time)
{
    internal const int PerClient = 32;
    internal const int MaxClients = 1000;
    internal const int MaxUnknown = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<CallerFailure>> _known = new(StringComparer.Ordinal);
    private readonly Queue<CallerFailure> _unknown = new();

    internal void Add(string? clientId, string claimed, in ClientAuthResult failed, HttpContext http)
    {
        var method = failed.Failure is AuthFailure.Missing or AuthFailure.Unreadable or AuthFailure.Ambiguous ? null : Name(failed.Method);
        var failure = new CallerFailure(
            time.GetUtcNow().ToUnixTimeSeconds(), failed.Reason, method, http.Connection.RemoteIpAddress?.ToString(), http.Request.PathBase + http.Request.Path, clientId ?? Printable(claimed));
        lock (_lock)
        {
            // Who waits tells nothing new: what it did wrong must not be pushed out.
            if (failed.Failure is AuthFailure.Delayed && clientId is not null && Of(clientId).LastOrDefault() is { } last && last.Reason == failure.Reason && last.Address == failure.Address) return;
            if (clientId is null) Add(_unknown, failure, MaxUnknown);
            else Add(Of(clientId), failure, PerClient);
        }
    }

    /// <summary>What a client was refused that proved who it is.</summary>
    internal void Add(Client client, string reason, HttpContext http)
    {
        var failure = new CallerFailure(time.GetUtcNow().ToUnixTimeSeconds(), reason, null, http.Connection.RemoteIpAddress?.ToString(), http.Request.PathBase + http.Request.Path, client.Id);
        lock (_lock) Add(Of(client.Id), failure, PerClient);
    }

    /// <summary>The refusals of a client, the newest first; for an identifier that no client has, what is known of that.</summary>
    internal IReadOnlyList<CallerFailure> Of(string clientId, bool isKnown)
    {
        lock (_lock)
        {
            if (isKnown) return _known.TryGetValue(clientId, out var failures) ? [.. failures.Reverse()] : [];
            return [.. _unknown.Where(failure => failure.ClientId == clientId).Reverse()];
        }
    }

    private Queue<CallerFailure> Of(string clientId)
    {
        if (_known.TryGetValue(clientId, out var failures)) return failures;
        // The client that was refused the longest ago makes room.
        if (_known.Count >= MaxClients) _known.Remove(_known.MinBy(entry => entry.Value.Last().At).Key);
        return _known[clientId] = new Queue<CallerFailure>();
    }

    private static void Add(Queue<CallerFailure> failures, CallerFailure failure, int most)
    {
        failures.Enqueue(failure);
        if (failures.Count > most) failures.Dequeue();
    }

    private static string Name(ClientAuthMethod method) => string.Join(" or ", method.Names());

    private static string Printable(string claimed) => string.Concat(claimed.Take(ClientRules.MaxIdLength).Select(c => c is >= ' ' and <= '~' ? c : '?'));
}
