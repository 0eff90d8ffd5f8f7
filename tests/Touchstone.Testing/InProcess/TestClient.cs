using System.Net.Http.Headers;
using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Testing.InProcess;

/// <summary>A client as its owner knows it: identifier and secret (null for a public one).</summary>
public sealed record TestClient(string Id, string? Secret)
{
    /// <summary>The <c>Authorization</c> header of HTTP Basic.</summary>
    public string Basic => ClientCredentials.Basic(Id, Secret ?? "");

    /// <summary>Puts the credentials into a request: Basic, or for a public client the identifier alone.</summary>
    internal void Authenticate(HttpRequestMessage request, List<KeyValuePair<string, string>> form)
    {
        if (Secret is null) form.Add(new("client_id", Id));
        else request.Headers.Authorization = AuthenticationHeaderValue.Parse(Basic);
    }
}
