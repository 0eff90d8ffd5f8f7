using System.Text;
using Touchstone.Server.Revocation;
using Touchstone.Server.Tests.ClientAuth;
using Touchstone.Server.Tests.Rfc8693;

namespace Touchstone.Server.Tests.Lessons;

/// <summary>A place in a request, the kinds that it takes, and whether it took one. Anything but the two answers that such a request has is a failure of the test.</summary>
internal sealed record Place(string Name, string[] Takes, Func<KindWorld, Specimen, Task<bool>> TryAsync)
{
    /// <summary>Where JWTs are taken by what they say, without a record: the claims of <see cref="Kinds.Claims"/> and the types that go with them.</summary>
    internal (string Claims, string[] Types)? Jwts { get; init; }

    internal bool TakesJwt(string type, string claims) => Jwts is { } jwts && jwts.Claims == claims && jwts.Types.Contains(type);
}

/// <summary>The table of places.</summary>
internal static class Places
{
    private static readonly string[] Access = [Kinds.Opaque, Kinds.Jwt], Known = [.. Access, Kinds.Foreign];

    internal static Place[] All { get; } =
    [
        new("token, asked by a resource server", Known, (world, it) => IsActiveAsync(world.OAuth.IntrospectAsync(it.Value, world.Acme.Orders))),
        new("token, asked by its client", [.. Known, Kinds.Refresh], (world, it) => IsActiveAsync(world.OAuth.IntrospectAsync(it.Value, it.Owner))),
        new("token among several, asked by a resource server", Known, (world, it) => IsFirstActiveAsync(world.OAuth.IntrospectAllAsync(world.Acme.Orders, it.Value, "unknown"))),
        new("token among several, asked by its client", [.. Known, Kinds.Refresh], (world, it) => IsFirstActiveAsync(world.OAuth.IntrospectAllAsync(it.Owner, it.Value, "unknown"))),
        new("bearer at introspection", Access, (world, it) => BearerAsync(world, HttpMethod.Post, OAuthCalls.Introspect, it)),
        new("bearer at introspection of several", Access, (world, it) => BearerAsync(world, HttpMethod.Post, OAuthCalls.Batch, it)),
        new("bearer at the admin API", Access, (world, it) => BearerAsync(world, HttpMethod.Get, "/admin/keys", it)),
        new("bearer at the feed", Access, (world, it) => BearerAsync(world, HttpMethod.Get, "/feed?nonce=1", it)),
        new("bearer at global revocation", Access, (world, it) => BearerAsync(world, HttpMethod.Post, GlobalRevocationEndpoint.Path, it)),
        new("bearer at revocation", [], (world, it) => BearerAsync(world, HttpMethod.Post, OAuthCalls.Revoke, it)),
        new("bearer at the token endpoint", [], (world, it) => BearerAsync(world, HttpMethod.Post, OAuthCalls.Token, it)),
        new("subject_token as access_token", Access, (world, it) => ExchangeAsync(world, it, it.Value, Exchanges.AccessToken)),
        new("subject_token as jwt", [Kinds.Jwt], (world, it) => ExchangeAsync(world, it, it.Value, Exchanges.Jwt)),
        new("actor_token as access_token", Access, (world, it) => ActAsync(world, it, Exchanges.AccessToken)),
        new("actor_token as jwt", [Kinds.Jwt], (world, it) => ActAsync(world, it, Exchanges.Jwt)),
        new("refresh_token", [Kinds.Refresh], async (world, it) => IsTaken(await world.OAuth.RefreshAsync(it.Value, it.Owner), 400, "invalid_grant")),
        new("client_assertion", [Kinds.Assertion, Kinds.AssertionAsJwt], (world, it) => CredentialsAsync(world, ("client_assertion_type", Signer.Type), ("client_assertion", it.Value))) { Jwts = ("assertion", ["client-authentication+jwt", "JWT"]) },
        new("DPoP header", [Kinds.Proof], ProveAsync) { Jwts = ("proof", ["dpop+jwt"]) },
        new("secret in Basic", [Kinds.Secret], async (world, it) => IsTaken(await world.OAuth.GrantAsync(it.Owner with { Secret = it.Value }), 401, "invalid_client")),
        new("client_secret", [Kinds.Secret], (world, it) => CredentialsAsync(world, ("client_id", it.Owner.Id), ("client_secret", it.Value))),
    ];

    private static bool IsTaken(Answer answer, int refusal, string? error)
    {
        if (answer.Status is 200 or 204) return true;
        answer.Status.ShouldBe(refusal, answer.ToString());
        if (error is not null) answer.Json.GetProperty("error").GetString().ShouldBe(error, answer.ToString());
        return false;
    }

    private static async Task<bool> IsActiveAsync(Task<Answer> asking)
    {
        var answer = (await asking).ShouldBeJson(200);
        if (answer.Json.GetProperty("active").GetBoolean()) return true;
        answer.ShouldBeInactive();
        return false;
    }

    private static async Task<bool> IsFirstActiveAsync(Task<Answer> asking) => (await asking).ShouldBeJson(200).Json.GetProperty("results")[0].GetProperty("active").GetBoolean();

    private static async Task<bool> BearerAsync(KindWorld world, HttpMethod method, string path, Specimen it)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + it.Value);
        request.Headers.TryAddWithoutValidation("Touchstone-Follower", "pairs;instance=00000001");
        // What each endpoint asks for beside the token, so that it is the token alone which is judged.
        if (path == GlobalRevocationEndpoint.Path) request.Content = new StringContent("""{"sub_id":{"format":"opaque","id":"leaver"}}""", Encoding.UTF8, "application/json");
        else if (method == HttpMethod.Post) request.Content = new FormUrlEncodedContent([new("token", "unknown"), new("grant_type", "client_credentials")]);
        return IsTaken(await world.OAuth.SendAsync(request), 401, path switch
        {
            OAuthCalls.Revoke or OAuthCalls.Token => "invalid_client",
            OAuthCalls.Introspect or OAuthCalls.Batch or "/feed?nonce=1" => "invalid_token",
            _ => null, // Problem details, which have no such member.
        });
    }

    private static async Task<bool> ExchangeAsync(KindWorld world, Specimen it, string subject, string type, params (string Name, string Value)[] more) =>
        IsTaken(await world.OAuth.PostAsync(OAuthCalls.Token, it.Owner, [("grant_type", Exchanges.Grant), ("subject_token", subject), ("subject_token_type", type), .. more]), 400, "invalid_request");

    private static async Task<bool> ActAsync(KindWorld world, Specimen it, string type) =>
        await ExchangeAsync(world, it, (await world.TokenAsync(it.Owner)).Value, Exchanges.AccessToken, ("actor_token", it.Value), ("actor_token_type", type));

    private static async Task<bool> CredentialsAsync(KindWorld world, params (string Name, string Value)[] form) =>
        IsTaken(await world.OAuth.PostAsync(OAuthCalls.Token, null, [("grant_type", "client_credentials"), .. form]), 401, "invalid_client");

    private static async Task<bool> ProveAsync(KindWorld world, Specimen it)
    {
        var answer = await Rfc9449.ProofCalls.ProveAsync(world.OAuth, it.Owner, it.Value);
        var isTaken = IsTaken(answer, 400, "invalid_dpop_proof");
        if (isTaken) answer.Json.GetProperty("token_type").GetString().ShouldBe("DPoP", "what was not looked at was not taken");
        return isTaken;
    }
}
