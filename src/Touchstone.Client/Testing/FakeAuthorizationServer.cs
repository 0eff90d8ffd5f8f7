using System.Text.Json.Nodes;

namespace Touchstone.Client.Testing;

/// <summary>
/// An authorization server for the tests of an API: in memory, without a network, and honest on the wire. It speaks metadata (RFC 8414), introspection (RFC 7662) and the revocation feed,
/// so the client under test is the real one, with its memory, its follower and its breaker. It lets in every caller. Safe for all threads; one may serve several applications.
/// </summary>
public sealed class FakeAuthorizationServer
{
    private static readonly Uri Name = new("https://authorization-server.test");

    private readonly FakeTokens _tokens;
    private readonly FakeLog _log;
    private readonly FakeEndpoints _endpoints;

    /// <summary>A server that has issued nothing yet.</summary>
    /// <param name="time">Its clock, for <c>iat</c> and <c>exp</c>. Give it the one of the application, where that is moved by hand.</param>
    public FakeAuthorizationServer(TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        (_tokens, _log) = (new FakeTokens(Name, time), new FakeLog(TimeProvider.System));
        _endpoints = new FakeEndpoints(Name, _tokens, _log, time);
    }

    /// <summary>Its issuer: <c>https://authorization-server.test</c>. The name resolves nowhere.</summary>
    public Uri Issuer => Name;

    /// <summary>How many introspections reached it, those that failed included. Polls of the feed and look-ups of the metadata don't count.</summary>
    public int Calls => _endpoints.Calls;

    /// <summary>Issues an access token that is active until it expires or is revoked.</summary>
    /// <param name="scopes">Its <c>scope</c>; null: none.</param>
    /// <param name="subject">Its <c>sub</c>; null: none, as in a token of client credentials.</param>
    /// <param name="audience">Its <c>aud</c>, one text or an array; null: none.</param>
    /// <param name="expiresIn">How long it is good for, in whole seconds; null: 1 hour. Zero and less: it has expired already.</param>
    /// <param name="clientId">Its <c>client_id</c>.</param>
    /// <param name="claims">What else the server says of it, with its JSON types: <c>new JsonObject { ["tenant"] = "acme", ["roles"] = new JsonArray("admin") }</c>.</param>
    /// <exception cref="ArgumentException">A claim has a name that another parameter is for.</exception>
    public string Issue(IReadOnlyList<string>? scopes = null, string? subject = "alice", IReadOnlyList<string>? audience = null, TimeSpan? expiresIn = null, string clientId = "test-client", JsonObject? claims = null) =>
        _tokens.Issue(scopes ?? [], subject, audience ?? [], expiresIn ?? TimeSpan.FromHours(1), clientId, claims);

    /// <summary>Revokes a token, and goes on. Followers are told at once; when they have understood it is what <see cref="RevokeAsync"/> waits for.</summary>
    /// <exception cref="ArgumentException">This server has not issued it.</exception>
    public void Revoke(string token) => _log.Append(_tokens.TagOf(token));

    /// <summary>
    /// Revokes a token, and ends when no client uses it any more: each that follows has acknowledged it. So the next request of a test is refused.
    /// Of a client that an outage keeps away that is known when its lease is over, after 15.5 seconds. One that does not follow (<see cref="FeedMode.Off"/>) is not waited for: it learns nothing.
    /// </summary>
    /// <param name="token">A token of this server.</param>
    /// <param name="cancellationToken">Ends the wait; the token stays revoked.</param>
    /// <exception cref="ArgumentException">This server has not issued it.</exception>
    public Task RevokeAsync(string token, CancellationToken cancellationToken = default) => _log.EnforcedAsync(_log.Append(_tokens.TagOf(token)), cancellationToken);

    /// <summary>From now on everything fails: introspection, metadata and feed. Polls that wait fail at once.</summary>
    /// <param name="fault">
    /// <see cref="IntrospectionFault.Unreachable"/>: nobody is there. <see cref="IntrospectionFault.Timeout"/>: nothing is answered before <see cref="Recover"/>. <see cref="IntrospectionFault.ServerError"/>: 500.
    /// <see cref="IntrospectionFault.Throttled"/>: 429. <see cref="IntrospectionFault.Refused"/>: 401, the credentials of the API are wrong. <see cref="IntrospectionFault.Malformed"/>: 200 with something that is no answer.
    /// </param>
    /// <param name="retryAfter">What <c>Retry-After</c> says with 429 and 500, in whole seconds; null: 1 second with 429, nothing with 500.</param>
    /// <exception cref="ArgumentOutOfRangeException">The fault is none that a server causes.</exception>
    public void Fail(IntrospectionFault fault, TimeSpan? retryAfter = null)
    {
        _endpoints.Outage = FakeOutage.Of(fault, retryAfter);
        _log.Wake();
    }

    /// <summary>Ends what <see cref="Fail"/> began. Clients come back by themselves; one whose breaker is open when <see cref="TokenIntrospectionOptions.BreakDuration"/> is over.</summary>
    public void Recover()
    {
        _endpoints.Outage = null;
        _log.Wake();
    }

    /// <summary>A way to it: <c>options.Backchannel = server.CreateHandler</c>.</summary>
    public HttpMessageHandler CreateHandler() => new FakeHandler(_endpoints);

    /// <summary>Makes options those of a client of this server; a caller without credentials gets some. <see cref="FakeAuthorizationServerExtensions.UseFakeAuthorizationServer"/> does it for each client of a container.</summary>
    public void Configure(TokenIntrospectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (options.Issuer, options.IntrospectionEndpoint, options.FeedEndpoint) = (Issuer, null, null);
        options.Backchannel = CreateHandler;
        if (options.Authentication is not null) return;
        options.ClientId ??= "api-under-test";
        options.ClientSecret ??= "it lets in every caller";
    }
}
