using System.Text.Json.Serialization;

namespace Touchstone.Server.Startup;

/// <summary><c>admin.json</c>.</summary>
/// <param name="ClientId">The client.</param>
/// <param name="ClientSecret">Its secret.</param>
public sealed record ClientSecretPair(string ClientId, string ClientSecret);

/// <summary><c>demo.json</c>: all that a newcomer needs to try the server.</summary>
/// <param name="Server">The issuer.</param>
/// <param name="IntrospectionEndpoint">Where to ask.</param>
/// <param name="RevocationEndpoint">Where to revoke.</param>
/// <param name="TokenEndpoint">Where to get tokens.</param>
/// <param name="ResourceServer">Who asks.</param>
/// <param name="Client">Whose token it is.</param>
/// <param name="AccessToken">An active token.</param>
public sealed record DemoFile(
    string Server, string IntrospectionEndpoint, string RevocationEndpoint, string TokenEndpoint, DemoResourceServer ResourceServer, ClientSecretPair Client, string AccessToken);

/// <summary>The resource server of the demo.</summary>
/// <param name="ClientId">The client.</param>
/// <param name="ClientSecret">Its secret.</param>
/// <param name="Audience">Its identifier.</param>
public sealed record DemoResourceServer(string ClientId, string ClientSecret, string Audience);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ClientSecretPair))]
[JsonSerializable(typeof(DemoFile))]
[JsonSerializable(typeof(Clients.VaultKey))]
internal sealed partial class CredentialsJson : JsonSerializerContext;
