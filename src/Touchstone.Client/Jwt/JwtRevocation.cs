namespace Touchstone.Client;

/// <summary>What ends a JWT before it expires.</summary>
public enum JwtRevocation
{
    /// <summary><see cref="ByServer"/> for the server that is introspected, where it has a feed or that can't be found out; <see cref="None"/> for all others.</summary>
    Automatic,

    /// <summary>
    /// The server that is introspected, which knows these JWTs. One that says against which state of the log it was issued is judged by the rows of the feed, without asking; whatever that leaves open is introspected as well,
    /// and all of them are where there is no feed.
    /// </summary>
    ByServer,

    /// <summary>
    /// The rows of the feed alone, for an issuer whose JWTs the server never saw: rows that name a JWT by <c>jti</c>, or its session (<c>sid</c>), subject, client, or all. It is never introspected; where the feed is not followed it can't be
    /// judged. One that was issued within a minute after a row for its subject or client counts as ended, since clocks differ.
    /// </summary>
    ByFeed,

    /// <summary>Nothing. It is <b>not revocable</b> here.</summary>
    None,
}
