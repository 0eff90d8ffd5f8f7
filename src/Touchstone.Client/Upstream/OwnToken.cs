using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Touchstone.Client.Authentication;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Upstream;

/// <summary>
/// An access token that the caller gets itself for the feed, which has no body for an assertion or a secret: by <c>client_credentials</c> (RFC 6749 §4.4), for introspection at this server and nothing else.
/// It is used until shortly before it ends, and given up when it is refused. For one poll after the other, so it needs no lock.
/// </summary>
/// <param name="proof">How the caller proves itself at the token endpoint.</param>
/// <param name="server">The server.</param>
internal sealed class OwnToken(ClientAuthentication proof, AskedServer server) : ClientAuthentication
{
    internal const string Scope = "touchstone:introspect";

    private const int MostBytes = 64 << 10;

    // RFC 6749 §5.1 only recommends expires_in.
    private static readonly TimeSpan Unsaid = TimeSpan.FromMinutes(5), Margin = TimeSpan.FromSeconds(30), Longest = TimeSpan.FromDays(1);

    private Held? _held;

    private sealed record Held(AuthenticationHeaderValue Header, ClockReading Asked, TimeSpan UsableFor)
    {
        internal bool WasUsed { get; set; }
    }

    protected internal override async ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken)
    {
        if (_held is { } held && server.Time.Read().AtMostSince(held.Asked) < held.UsableFor) held.WasUsed = true;
        else _held = held = await GetAsync(cancellationToken);
        request.Headers.Authorization = held.Header;
    }

    // A token that is refused at its first use is not the reason.
    internal override bool Renews()
    {
        var wasUsed = _held is { WasUsed: true };
        _held = null;
        return wasUsed;
    }

    private async ValueTask<Held> GetAsync(CancellationToken cancellationToken)
    {
        if (await server.Discovery.FindAsync(cancellationToken) is not { } endpoints) throw new HttpRequestException("The server's metadata is out of reach.");
        if (endpoints.Token is not { } place) throw Refused("The server names no token endpoint.", HttpStatusCode.Forbidden);
        var asked = server.Time.Read();
        for (var isAgain = false; ; isAgain = true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, place);
            var form = new List<KeyValuePair<string, string>>(6) { new("grant_type", "client_credentials"), new("scope", Scope) };
            if (endpoints.Issuer is { } issuer) form.Add(new("resource", issuer)); // RFC 8707: for the server itself.
            await proof.ApplyAsync(request, form, cancellationToken);
            request.Content = new FormUrlEncodedContent(form);
            using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode is HttpStatusCode.Unauthorized && !isAgain && proof.Renews()) continue;
            if (response.StatusCode is not HttpStatusCode.OK) throw Refused("The token endpoint gave no token.", response.StatusCode);
            return await BoundedReading.ReadAsync(response.Content, MostBytes, cancellationToken) is { } body && Read(body, asked) is { } held
                ? held
                : throw new HttpRequestException("The token endpoint answered something that is no token.");
        }
    }

    private static HttpRequestException Refused(string message, HttpStatusCode status) => new(message, inner: null, status);

    // RFC 6749 §5.1. A token of another type is not to be used as this one (§7.1).
    private static Held? Read(ReadOnlyMemory<byte> body, ClockReading asked)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var answer = document.RootElement;
            if (answer.GetProperty("access_token"u8).GetString() is not { Length: > 0 } token || token.AsSpan().ContainsAnyExceptInRange('!', '~')) return null;
            if (!string.Equals(answer.GetProperty("token_type"u8).GetString(), "Bearer", StringComparison.OrdinalIgnoreCase)) return null;
            var lifetime = answer.TryGetProperty("expires_in"u8, out var seconds) ? TimeSpan.FromSeconds(Math.Clamp(seconds.GetDouble(), 0, Longest.TotalSeconds)) : Unsaid;
            // One that lives for less than two margins is used for half of its time.
            return new Held(new AuthenticationHeaderValue("Bearer", token), asked, lifetime > 2 * Margin ? lifetime - Margin : lifetime / 2);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null; // The reader has no other way to say it.
        }
    }
}
