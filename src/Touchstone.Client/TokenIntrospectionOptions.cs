using Touchstone.Protocol.Jwt;

namespace Touchstone.Client;

/// <summary>Whether the revocation feed of the server is followed.</summary>
public enum FeedMode
{
    /// <summary>When the server has one. The default.</summary>
    Auto,

    /// <summary>Always: a server without one is a fault, and every check is asked upstream until it is mended.</summary>
    Required,

    /// <summary>Never; answers are used for <see cref="IntrospectionPolicy.PlainTtl"/>.</summary>
    Off,
}

/// <summary>How a client reaches an introspection endpoint, and how it keeps what it was answered. Read once, when the client is made.</summary>
public sealed class TokenIntrospectionOptions
{
    /// <summary>What metrics call this client among those of the process. A container and a scheme give it theirs. Default <c>default</c>.</summary>
    public string Name { get; set; } = "default";

    /// <summary>The issuer: its metadata (RFC 8414) says where the endpoints are. Either this or <see cref="IntrospectionEndpoint"/>.</summary>
    public Uri? Issuer { get; set; }

    /// <summary>The introspection endpoint, where the metadata is not to be asked.</summary>
    public Uri? IntrospectionEndpoint { get; set; }

    /// <summary>The feed, where the metadata is not to be asked; null there: the server has none.</summary>
    public Uri? FeedEndpoint { get; set; }

    /// <summary>The endpoint for many tokens at once, where the metadata is not to be asked; null there: the server has none.</summary>
    public Uri? BatchEndpoint { get; set; }

    /// <summary>The token endpoint, where the metadata is not to be asked. Needed there to follow the feed as a caller that signs assertions.</summary>
    public Uri? TokenEndpoint { get; set; }

    /// <summary>
    /// Whose tokens the server may tell of, where others are asked too: an answer whose <c>iss</c> is none of these is no answer (<see cref="IntrospectionFault.Malformed"/>). One without <c>iss</c> passes. A slash at the end does not count.
    /// Null: anybody's. Default null.
    /// </summary>
    public IReadOnlyList<string>? TokenIssuers { get; set; }

    /// <summary>The identifier of this caller at the server.</summary>
    public string? ClientId { get; set; }

    /// <summary>Its secret, sent as <c>client_secret_basic</c>.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>Another way for the caller to prove itself, in place of <see cref="ClientSecret"/>.</summary>
    public ClientAuthentication? Authentication { get; set; }

    /// <summary>Allows <c>http</c> to hosts other than this one. Tokens and secrets go over the wire as they are then. Default false.</summary>
    public bool AllowInsecureHttp { get; set; }

    /// <summary>Makes what sends the requests, once for each client, which disposes it: for tests, or for a proxy or certificates of one's own. It must not follow redirects. Null: one is made. Default null.</summary>
    public Func<HttpMessageHandler>? Backchannel { get; set; }

    /// <summary>Whether the revocation feed is followed. Default <see cref="FeedMode.Auto"/>.</summary>
    public FeedMode Feed { get; set; }

    /// <summary>What operators see this process as in the list of followers: 1 to 100 visible ASCII characters without <c>;</c>. Default: the name of the machine.</summary>
    public string? FollowerName { get; set; }

    /// <summary>How long answers are used, and what happens when the server can't be asked.</summary>
    public IntrospectionPolicy Policy { get; set; } = new();

    /// <summary>
    /// All policies that checks may bring beside <see cref="Policy"/>, asked for at each poll of the feed: the server is told at once for how long one of them goes on without the feed, and when none does any more. It has to be quick, and one that a check brings and
    /// it leaves out goes on for no longer than the others. Null, the default: of those that checks brought each counts as in use for an hour after the last check that asked the server, or two.
    /// </summary>
    public Func<IEnumerable<IntrospectionPolicy>>? PoliciesInUse { get; set; }

    /// <summary>How long an answer may be used at most, by what is in it: asked once for each answer of the server; null leaves it to the policy, which it can only shorten, also where the server can't be asked. Zero, or a function that throws: it is not used again.</summary>
    public Func<IntrospectedToken, TimeSpan?>? TtlOf { get; set; }

    /// <summary>A cache that several processes share; null: none. Needs <see cref="ClientId"/>. Default null.</summary>
    public SharedCacheOptions? SharedCache { get; set; }

    /// <summary>The most answers about active tokens that are kept. 0 keeps none. From 0 to 10 million; default 100,000.</summary>
    public int MaxEntries { get; set; } = 100_000;

    /// <summary>The most bytes that they take, as estimated. From 1 MiB to 16 GiB; default 128 MiB.</summary>
    public long MaxBytes { get; set; } = 128L << 20;

    /// <summary>The most answers about inactive tokens that are kept, in a room of their own. 0 keeps none. From 0 to 1 million; default 10,000.</summary>
    public int MaxNegativeEntries { get; set; } = 10_000;

    /// <summary>The most revocations that are remembered to judge what is kept; beyond, what is older is asked again. From 1,000 to 10 million, some 60 bytes each; default 200,000.</summary>
    public int MaxEvents { get; set; } = 200_000;

    /// <summary>By how much <c>nbf</c> may lie ahead of this machine's clock. From 0 to 5 minutes; default 5 seconds. An <c>exp</c> that is over is over.</summary>
    public TimeSpan Leeway { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a check waits for the server at most, retries included. From 10 ms to 5 minutes; default 5 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one try waits at most. From 10 ms to <see cref="Timeout"/>; default 1.5 seconds.</summary>
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>How often a failed try is repeated; after a 429 once at most. From 0 to 10; default 2.</summary>
    public int Retries { get; set; } = 2;

    /// <summary>How many calls may be under way at once. From 1 to 100,000; default 256.</summary>
    public int MaxConcurrentCalls { get; set; } = 256;

    /// <summary>How many more may wait for their turn; what comes then is refused at once. From 0 to 1 million; default 10,000.</summary>
    public int MaxWaitingCalls { get; set; } = 10_000;

    /// <summary>
    /// How long a check waits for others, so that all are asked about in one call where the server can do that (<c>touchstone_introspection_batch_endpoint</c>). From 0 to 1 second; default 0: nothing waits.
    /// Some milliseconds save calls where many tokens are new at once; each answer comes later by as much.
    /// </summary>
    public TimeSpan BatchWindow { get; set; }

    /// <summary>The most tokens of one call. Once there are so many they don't wait any longer. From 2 to 100; default 10.</summary>
    public int BatchSize { get; set; } = 10;

    /// <summary>For how long the server is left alone once half of the calls failed; a 429 is none of those. From 500 ms to 5 minutes; default 2 seconds.</summary>
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>What becomes of access tokens that are JWTs (RFC 9068). Default: they are introspected as all others are.</summary>
    public JwtOptions Jwt { get; set; } = new();

    /// <summary>
    /// Takes no answer but one that the server signed (RFC 9701): a plain one is malformed then. Needs <see cref="Issuer"/>, to the letter, and <see cref="ClientId"/>, which the answer must name; and clocks within a minute of each other.
    /// What the feed tells is not signed. Default false: then a signed answer is malformed.
    /// </summary>
    public bool RequireSignedAnswers { get; set; }

    /// <summary>The algorithms that the server may sign its answers with, as <see cref="JwtIssuer.Algorithms"/>. Empty, the default: each that is understood.</summary>
    public IList<string> SignedAnswerAlgorithms { get; set; } = [];

    /// <summary>
    /// The private keys that open signed answers where the server encrypts them besides; each is asked for whenever such an answer comes, so keys may be rotated: <c>FromFile.AnswerKey("/run/secrets/answers.pem")</c>. While a rotation overlaps, the old one
    /// and the new. Empty, the default: an encrypted answer is malformed. Up to 8.
    /// </summary>
    public IList<Func<DecryptionKey>> SignedAnswerKeys { get; set; } = [];

    /// <summary>Takes no signed answer that was not encrypted besides. Needs <see cref="RequireSignedAnswers"/> and <see cref="SignedAnswerKeys"/>. Default false: with keys both are taken.</summary>
    public bool RequireEncryptedAnswers { get; set; }

    /// <summary>What is wrong with them, all at once; empty where they are what they have to be. A client is not made of options with faults, and an application with a scheme of such does not start.</summary>
    public IReadOnlyList<string> Faults() => TokenIntrospectionOptionsRules.Faults(this);
}
