using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Touchstone.Client;
using Touchstone.Protocol;
using Touchstone.Sidecar.Decisions;
using Touchstone.Sidecar.Introspection;

namespace Touchstone.Sidecar.Kubernetes;

/// <summary>How tokens are reviewed for a cluster.</summary>
/// <param name="Audiences">For whom a token has to be where the API server names nobody.</param>
/// <param name="User">Who its user is.</param>
/// <param name="Policy">How long answers are used.</param>
internal sealed record KubernetesConfig(IReadOnlyList<string> Audiences, UserMapping User, IntrospectionPolicy Policy)
{
    /// <summary>Whose tokens make a user of the cluster, by <c>iss</c>; empty: those of every issuer of the file.</summary>
    internal IReadOnlyList<string> Issuers { get; init; } = [];
}

/// <summary>
/// <c>POST /k8s/tokenreview</c>: the webhook by which the API server of a cluster authenticates bearer tokens. A bad token is an answer, <c>authenticated: false</c> without an error (KR-02); that nobody can be asked is 503, which the
/// API server tries again and keeps for nobody.
/// </summary>
internal sealed class TokenReviewEndpoint(IntrospectionRouter tokens, RulesInForce rules, KubernetesConfig config)
{
    internal const string Path = "/k8s/tokenreview";

    internal async Task ServeAsync(HttpContext http)
    {
        // 1. Who asks, and what?
        if (!rules.Now.Trusts(http.Connection)) Answers.Refuse(http.Response, OAuthError.AccessDenied.With("This peer is not among trusted_proxies."));
        else if (!HttpMethods.IsPost(http.Request.Method)) Answers.Refuse(http.Response, OAuthError.MethodNotAllowed);
        else if (await BoundedBody.ReadAsync(http.Request) is not { } body) Answers.Refuse(http.Response, OAuthError.ContentTooLarge);
        else if (TokenReview.Read(body.Span) is not { } review) Answers.Refuse(http.Response, OAuthError.InvalidRequest.With("This is no TokenReview of authentication.k8s.io/v1 or v1beta1."));
        else await AnswerAsync(http, review);
    }

    // 2. Is it active, for whom, and whose?
    private async Task AnswerAsync(HttpContext http, TokenReview review)
    {
        var result = await tokens.IntrospectAsync(review.Token, config.Policy, http.RequestAborted);
        if (result.Outcome is IntrospectionOutcome.CannotTell)
        {
            Answers.Refuse(http.Response, OAuthError.TemporarilyUnavailable.With("The token could not be judged. Try again."));
            return;
        }
        // One that is bound to a key or a certificate is good with it alone, and that can't be seen here.
        if (result.Token is not { Confirmation: null } token || (config.Issuers.Count > 0 && !config.Issuers.Contains(token.Issuer)))
        {
            Write(http.Response, review, null, []);
            return;
        }
        string[] audiences = [.. (review.Audiences ?? config.Audiences).Intersect(token.Audience)];
        Write(http.Response, review, audiences.Length > 0 ? ClusterUser.Of(CheckedToken.Of(token).Claims, config.User) : null, audiences);
    }

    private static void Write(HttpResponse response, TokenReview review, ClusterUser? user, IReadOnlyList<string> audiences)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("apiVersion"u8, review.ApiVersion);
            json.WriteString("kind"u8, "TokenReview"u8);
            json.WriteStartObject("status"u8);
            json.WriteBoolean("authenticated"u8, user is not null);
            if (user is not null)
            {
                json.WriteStartObject("user"u8);
                json.WriteString("username"u8, user.Username);
                if (user.Uid is not null) json.WriteString("uid"u8, user.Uid);
                WriteTexts(json, "groups", user.Groups);
                json.WriteStartObject("extra"u8);
                foreach (var (key, values) in user.Extra) WriteTexts(json, key, values);
                json.WriteEndObject();
                json.WriteEndObject();
                WriteTexts(json, "audiences", audiences);
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        Answers.Write(response, StatusCodes.Status200OK, buffer.WrittenSpan);
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
