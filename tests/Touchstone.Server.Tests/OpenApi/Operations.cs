using Touchstone.Server.Limits;
using Touchstone.Server.Admin;
using Touchstone.Server.Clients;
using Touchstone.Server.Feed;

namespace Touchstone.Server.Tests.OpenApi;

/// <summary>What the routes and docs/api.md don't say of an operation.</summary>
/// <param name="Route">Method and path.</param>
/// <param name="Id">Its name for generated clients.</param>
/// <param name="Answer">The shape of the answer: a type of the admin API, the name of a schema in <see cref="Schemas"/>, or null for none.</param>
/// <param name="Body">The shape of the body: a type of the admin API, the name of a schema, or null.</param>
internal sealed record Operation(string Route, string Id, object? Answer, object? Body = null)
{
    internal int Status { get; init; } = 200;

    internal string MediaType { get; init; } = "application/json";

    /// <summary>Whether body and answer may be arrays.</summary>
    internal bool IsBatch { get; init; }

    /// <summary>The shape of the answer to a request that asks to wait.</summary>
    internal Type? Waited { get; init; }

    /// <summary>Whether the answer may be a signed JWT.</summary>
    internal bool IsSignable => Id == "introspect";

    internal bool IsFeed => Id == "feed";

    internal (string Name, string Type, string Says)[] Query { get; init; } = [];

    internal bool IsForm => Route.StartsWith("POST /oauth/", StringComparison.Ordinal) && Body is string name && name.EndsWith("Form", StringComparison.Ordinal);

    internal string Path => Route.Split(' ')[1];

    internal string Method => Route.Split(' ')[0].ToLowerInvariant();

    /// <summary>Every operation: a new route needs its line here.</summary>
    internal static IReadOnlyList<Operation> All { get; } =
    [
        new("POST /oauth/introspect", "introspect", "IntrospectionAnswer", "IntrospectionForm"),
        new("POST /oauth/introspect/batch", "introspectBatch", "BatchAnswer", "BatchForm"),
        new("GET /feed", "feed", "FeedAnswer")
        {
            MediaType = "application/vnd.touchstone.feed.v1+json",
            Query = [("nonce", "string", "random for each poll"), ("after", "string", "the head of the answer before, or 0"), ("wait", "integer", "seconds to wait for news"), ("all", "boolean", "pages in place of a floor")],
        },
        new("POST /oauth/revoke", "revoke", null, "RevocationForm"),
        new("POST /oauth/token", "token", "TokenAnswer", "TokenForm"),
        new("POST /oauth/global-token-revocation", "revokeSubjectGlobally", null, "GlobalRevocation") { Status = 204 },
        new("GET /.well-known/oauth-authorization-server", "metadata", "Metadata"),
        new("GET /.well-known/jwks.json", "jwks", "Jwks"),
        new("GET /openapi.json", "openApi", "AnyObject"),
        new("GET /health/live", "live", "Health"),
        new("GET /health/ready", "ready", "Health"),
        new("GET /metrics", "metrics", "Text") { MediaType = "text/plain" },
        new("POST /admin/clients", "addClient", typeof(ClientView), typeof(NewClient)) { Status = 201 },
        new("GET /admin/clients", "listClients", typeof(ClientPage)) { Query = [("limit", "integer", "1 to 1000, default 100"), ("after", "string", "an identifier behind which the page begins")] },
        new("GET /admin/clients/{id}", "showClient", typeof(ClientView)),
        new("POST /admin/clients/{id}/give-tag-key", "giveTagKey", typeof(ClientView)),
        new("POST /admin/clients/{id}/withdraw-tag-key", "withdrawTagKey", typeof(ClientView)),
        new("POST /admin/clients/{id}/disable", "disableClient", typeof(ClientView)),
        new("POST /admin/clients/{id}/enable", "enableClient", typeof(ClientView)),
        new("POST /admin/clients/{id}/rotate-secret", "rotateSecret", typeof(ClientView), typeof(Rotation)),
        new("POST /admin/clients/{id}/keys", "setKeys", typeof(ClientView), typeof(NewKeys)),
        new("POST /admin/clients/{id}/view", "setView", typeof(ClientView), typeof(ViewRegistration)),
        new("POST /admin/clients/{id}/limits", "setLimits", typeof(ClientView), typeof(ClientLimits)),
        new("POST /admin/clients/{id}/grants", "setGrants", typeof(ClientView), typeof(GrantRegistration)),
        new("POST /admin/clients/{id}/response", "setResponse", typeof(ClientView), typeof(NewResponse)),
        new("GET /admin/clients/{id}/failures", "listFailures", typeof(FailureList)),
        new("POST /admin/subjects/disable", "disableSubject", typeof(SubjectView), typeof(SubjectReference)),
        new("POST /admin/subjects/enable", "enableSubject", typeof(SubjectView), typeof(SubjectReference)),
        new("GET /admin/subjects", "listSubjects", typeof(SubjectPage)) { Query = [("limit", "integer", "1 to 1000, default 100"), ("after", "string", "the next of the page before")] },
        new("POST /admin/tokens", "addTokens", typeof(IssuedToken), typeof(NewToken)) { Status = 201, IsBatch = true },
        new("POST /admin/tokens/lookup", "lookUpToken", "LookUp", typeof(TokenReference)),
        new("POST /admin/revocations", "revokeTokens", typeof(RevocationView), typeof(NewRevocation)) { IsBatch = true, Waited = typeof(WaitedRevocations), Query = [("dry_run", "boolean", "ends nothing, and counts"), ("wait", "integer", "0 to 30: waits for those who follow; the answer is then revocations and receipt")] },
        new("GET /admin/revocations/{seq}/receipt", "receipt", typeof(ReceiptView)),
        new("GET /admin/followers", "listFollowers", typeof(FollowerPage)) { Query = [("limit", "integer", "1 to 1000, default 100"), ("after", "string", "the next of the page before")] },
        new("GET /admin/keys", "listKeys", typeof(SigningKeyList)),
        new("POST /admin/keys/rotate", "rotateKey", typeof(SigningKeyView), typeof(KeyRotation)),
        new("POST /admin/keys/{kid}/retire", "retireKey", typeof(SigningKeyView)),
        new("GET /admin/cursor", "cursor", typeof(CursorView)),
    ];
}
