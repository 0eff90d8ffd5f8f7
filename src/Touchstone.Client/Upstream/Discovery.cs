using System.Net.Http.Headers;
using System.Text.Json;
using Touchstone.Client.Telemetry;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Upstream;

/// <summary>
/// Finds the endpoints of an issuer in its metadata (RFC 8414, or OpenID Connect Discovery where there is none). Asked when it is first needed, again after a failure, and now and then, because a server may get a feed.
/// What was found stays in use until something else is found.
/// </summary>
internal sealed class Discovery(TokenIntrospectionOptions options, HttpClient http, TimeProvider time, ServerFaults? faults = null, bool forKeys = false) : IDisposable
{
    private static readonly TimeSpan FoundFor = TimeSpan.FromHours(1), FailedFor = TimeSpan.FromSeconds(1);
    private const int MostBytes = 256 << 10;

    private readonly SemaphoreSlim _one = new(1);
    private ServerEndpoints? _found = options.IntrospectionEndpoint is { } fixedEndpoint ? new ServerEndpoints(fixedEndpoint, options.FeedEndpoint, options.BatchEndpoint, options.TokenEndpoint) : null;
    private ClockReading? _asked;

    /// <summary>What is known; null when nothing is.</summary>
    internal ServerEndpoints? Known => Volatile.Read(ref _found);

    /// <summary>The endpoints; null when they can't be found out now.</summary>
    internal ValueTask<ServerEndpoints?> FindAsync(CancellationToken cancellationToken) =>
        options.Issuer is null || (Known is not null && IsFresh(FoundFor)) ? new(Known) : AskAsync(cancellationToken);

    /// <summary>Looks, and waits for so long at most. Whether anything was found, <see cref="Known"/> says.</summary>
    internal async ValueTask LookAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(longest, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await FindAsync(both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Then it is not known.
        }
    }

    public void Dispose() => _one.Dispose();

    private bool IsFresh(TimeSpan period) => _asked is { } asked && time.Read().AtLeastSince(asked) < period;

    private async ValueTask<ServerEndpoints?> AskAsync(CancellationToken cancellationToken)
    {
        // Who has something that may still be right does not wait behind whoever looks again.
        if (Known is null) await _one.WaitAsync(cancellationToken);
        else if (!_one.Wait(0, CancellationToken.None)) return Known;
        try
        {
            // Somebody else may have asked meanwhile; and who failed a moment ago is not asked by each that waits.
            if (IsFresh(Known is null ? FailedFor : FoundFor)) return Known;
            // So that who gives up looking again is the last for a while.
            if (Known is not null) _asked = time.Read();
            var (found, why) = ((ServerEndpoints?)null, (string?)null);
            foreach (var document in Documents(options.Issuer!))
            {
                (found, var isAbsent, var wrong) = await ReadAsync(document, cancellationToken);
                why ??= wrong;
                // One that can't be read now may be the one with the feed: another does not take its place.
                if (!isAbsent) break;
            }
            if (found is not null) Volatile.Write(ref _found, found);
            if (found is not null) faults?.Works(Asking.Metadata);
            else if (Known is null) faults?.Fails(Asking.Metadata, why ?? "has no metadata: neither /.well-known/oauth-authorization-server nor /.well-known/openid-configuration");
            _asked = time.Read();
            return Known;
        }
        finally
        {
            _one.Release();
        }
    }

    // RFC 8414 §3.1: the well-known path comes between host and path; OpenID Connect Discovery §4 puts it at the end.
    private static Uri[] Documents(Uri issuer)
    {
        var path = issuer.AbsolutePath.TrimEnd('/');
        return [new Uri(issuer, "/.well-known/oauth-authorization-server" + path), new Uri(issuer, path + "/.well-known/openid-configuration")];
    }

    // And what is wrong with it, where that is more than that it is not there.
    private async ValueTask<(ServerEndpoints? Found, bool IsAbsent, string? Wrong)> ReadAsync(Uri document, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, document);
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                var isAbsent = IntrospectionEndpoint.FaultOf(response.StatusCode) is IntrospectionFault.Malformed or IntrospectionFault.Refused;
                return (null, isAbsent, isAbsent ? null : $"answered {(int)response.StatusCode} for its metadata");
            }
            if (await BoundedReading.ReadAsync(response.Content, MostBytes, cancellationToken) is not { } body) return (null, true, null);
            using var json = JsonDocument.Parse(body);
            var found = Read(json.RootElement);
            return (found, found is null, found is null ? WrongWith(json.RootElement) : null);
        }
        catch (Exception failed) when (failed is JsonException or InvalidOperationException)
        {
            return (null, true, null); // Something else stands there.
        }
        catch (Exception failed) when (failed.IsOutOfReach() || (failed is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (null, false, failed is OperationCanceledException ? FaultWords.NoTime : FaultWords.Of(failed));
        }
    }

    // Metadata of another issuer is none (RFC 8414 §3.3); an endpoint that may not be used is none either.
    private ServerEndpoints? Read(JsonElement metadata)
    {
        if (metadata.ValueKind is not JsonValueKind.Object || !IsOfIssuer(metadata)) return null;
        var (introspection, keys) = (Endpoint(metadata, "introspection_endpoint"u8), UsableEndpoint(metadata, "jwks_uri"u8));
        return (forKeys ? keys : introspection) is not null
            ? new ServerEndpoints(introspection, Endpoint(metadata, "touchstone_feed_endpoint"u8), Endpoint(metadata, "touchstone_introspection_batch_endpoint"u8), Endpoint(metadata, "token_endpoint"u8), Text(metadata, "issuer"u8), keys)
            : null;
    }

    private bool IsOfIssuer(JsonElement metadata) => Text(metadata, "issuer"u8)?.TrimEnd('/') == options.Issuer!.OriginalString.TrimEnd('/');

    private string? WrongWith(JsonElement metadata)
    {
        if (metadata.ValueKind is not JsonValueKind.Object || Text(metadata, "issuer"u8) is not { } named) return null;
        if (IsOfIssuer(metadata)) return "names no introspection endpoint that may be used";
        return Uri.TryCreate(named, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.UserInfo.Length == 0 && named.Length <= 200 && !named.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? $"calls itself {named}: issuer has to be written as it does"
            : "calls itself otherwise: issuer has to be written as it does";
    }

    // M-08: where certificates are asked for, perhaps elsewhere.
    private Uri? Endpoint(JsonElement metadata, ReadOnlySpan<byte> name) =>
        (options.Authentication?.Certificate is not null && metadata.TryGetProperty("mtls_endpoint_aliases"u8, out var aliases) && aliases.ValueKind is JsonValueKind.Object ? UsableEndpoint(aliases, name) : null)
        ?? UsableEndpoint(metadata, name);

    private Uri? UsableEndpoint(JsonElement metadata, ReadOnlySpan<byte> name) =>
        Uri.TryCreate(Text(metadata, name), UriKind.Absolute, out var uri) && (uri.Scheme == "https" || (uri.Scheme == "http" && (uri.IsLoopback || options.AllowInsecureHttp))) ? uri : null;

    private static string? Text(JsonElement metadata, ReadOnlySpan<byte> name) => metadata.TryGetProperty(name, out var member) && member.ValueKind is JsonValueKind.String ? member.GetString() : null;
}
