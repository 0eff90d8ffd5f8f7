using System.Net.Http.Headers;
using System.Text.Json;

namespace Touchstone.Server.Tests.Rfc9449;

/// <summary>Requests for tokens with proofs of DPoP.</summary>
internal static class ProofCalls
{
    /// <summary>Asks with these proofs, each in a header of its own.</summary>
    internal static async Task<Answer> ProveAsync(this OAuthCalls calls, TestClient client, string[] proofs, params (string Name, string Value)[] more)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Token);
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(client.Basic);
        foreach (var proof in proofs) request.Headers.TryAddWithoutValidation("DPoP", proof);
        request.Content = new FormUrlEncodedContent([new("grant_type", "client_credentials"), .. more.Select(field => KeyValuePair.Create(field.Name, field.Value))]);
        return await calls.SendAsync(request);
    }

    internal static Task<Answer> ProveAsync(this OAuthCalls calls, TestClient client, string proof, params (string Name, string Value)[] more) => calls.ProveAsync(client, [proof], more);

    internal static void ShouldBeBadProof(this Answer answer) => answer.ShouldBeError(400, "invalid_dpop_proof", "The DPoP proof is missing, wrong, or was used before.");

    /// <summary>The same, with the nonce for the next proof: the one that is told.</summary>
    internal static string ShouldBeBadProofWithNonce(this Answer answer)
    {
        answer.ShouldBeJson(400, "DPoP-Nonce").Json.GetProperty("error").GetString().ShouldBe("invalid_dpop_proof");
        return answer.Header("DPoP-Nonce").ShouldNotBeNull();
    }

    /// <summary>Asked to come again with a nonce: the one that is told.</summary>
    internal static string ShouldAskForNonce(this Answer answer)
    {
        answer.ShouldBeJson(400, "DPoP-Nonce").Text.ShouldBe("""{"error":"use_dpop_nonce","error_description":"Send a DPoP proof with the nonce in DPoP-Nonce."}""");
        return answer.Header("DPoP-Nonce").ShouldNotBeNull();
    }

    internal static string ShouldBeBound(this Answer answer)
    {
        answer.Status.ShouldBe(200, answer.ToString());
        answer.Json.GetProperty("token_type").GetString().ShouldBe("DPoP");
        return answer.Json.GetProperty("access_token").GetString()!;
    }

    internal static JsonElement ShouldBeUnbound(this Answer answer)
    {
        answer.Status.ShouldBe(200, answer.ToString());
        answer.Json.GetProperty("token_type").GetString().ShouldBe("Bearer");
        return answer.Json;
    }
}
