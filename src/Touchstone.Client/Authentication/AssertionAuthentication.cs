using Touchstone.Client.Upstream;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Authentication;

/// <summary><c>private_key_jwt</c> and <c>client_secret_jwt</c> (RFC 7523 §2.2).</summary>
internal sealed class AssertionAuthentication(string clientId, Func<AssertionSigner> signer, AssertionOptions options, AskedServer? server) : ClientAuthentication
{
    internal override string? ClientId => clientId;

    private Made? _made;

    private sealed class Made(string text, AssertionSigner by, ClockReading at)
    {
        private int _uses;

        internal string Text => text;

        internal bool WasReused => Volatile.Read(ref _uses) > 1;

        internal bool IsGood(AssertionSigner signer, ClockReading now, TimeSpan reuse) => by == signer && now.AtMostSince(at) < reuse;

        internal void Use() => Interlocked.Increment(ref _uses);
    }

    protected internal override ValueTask ApplyAsync(HttpRequestMessage request, IList<KeyValuePair<string, string>>? form, CancellationToken cancellationToken)
    {
        if (form is null || server is null) throw new InvalidOperationException("an assertion goes into the body of a request of one client");
        var by = signer();
        var now = server.Time.Read();
        var made = Volatile.Read(ref _made);
        if (made is null || !made.IsGood(by, now, options.ReuseFor)) Volatile.Write(ref _made, made = new Made(by.Assert(clientId, Audience(server), now.UnixSeconds(), (long)options.Lifetime.TotalSeconds), by, now));
        made.Use();
        form.Add(new("client_assertion_type", ClientCredentials.JwtBearer));
        form.Add(new("client_assertion", made.Text));
        return default;
    }

    // One that was sent before may have been refused for that. A new one is refused for something else.
    internal override bool Renews()
    {
        if (Volatile.Read(ref _made) is not { WasReused: true } made) return false;
        Interlocked.CompareExchange(ref _made, null, made);
        return true;
    }

    internal override ClientAuthentication At(AskedServer server) => new AssertionAuthentication(clientId, signer, options, server);

    internal override ClientAuthentication AtFeed(AskedServer server) => new OwnToken(At(server), server);

    internal override IEnumerable<string> Faults(TokenIntrospectionOptions of)
    {
        foreach (var fault in options.Faults()) yield return fault;
        if (of.Issuer is null && options.Audience is null) yield return "Set Audience of the assertion: without metadata nobody says what the issuer is.";
        if (of.FeedEndpoint is not null && of.TokenEndpoint is null) yield return "Set TokenEndpoint beside FeedEndpoint: the feed takes no assertions, so the caller gets itself a token.";
    }

    // K-04: the issuer and nothing else. The endpoint was found before anybody proves himself to it, and the issuer with it.
    private string Audience(AskedServer server) => options.Audience ?? server.Discovery.Known?.Issuer ?? throw new InvalidOperationException("the issuer is not known");
}
