namespace Touchstone.Protocol.ClientAuth;

/// <summary>How a client proves itself (RFC 7591 §2, <c>token_endpoint_auth_method</c>).</summary>
[Flags]
public enum ClientAuthMethod
{
    /// <summary>Nothing was presented but an identifier: a public client.</summary>
    None = 0,

    /// <summary>HTTP Basic (RFC 6749 §2.3.1).</summary>
    ClientSecretBasic = 1,

    /// <summary><c>client_id</c> and <c>client_secret</c> in the body (RFC 6749 §2.3.1).</summary>
    ClientSecretPost = 2,

    /// <summary>A JWT with a MAC under the client's secret (RFC 7523 §2.2).</summary>
    ClientSecretJwt = 4,

    /// <summary>A JWT signed with the client's private key (RFC 7523 §2.2).</summary>
    PrivateKeyJwt = 8,

    /// <summary>A TLS client certificate of a trusted CA (RFC 8705 §2.1).</summary>
    TlsClientAuth = 16,

    /// <summary>A TLS client certificate that is registered itself (RFC 8705 §2.2).</summary>
    SelfSignedTlsClientAuth = 32,

    /// <summary>An access token of this server. Not registered for a client: the scope of the token allows it (RFC 7662 §2.1).</summary>
    Bearer = 64,
}

/// <summary>The registered names of the methods.</summary>
public static class ClientAuthMethods
{
    private static readonly (ClientAuthMethod Method, string Name)[] Table =
    [
        (ClientAuthMethod.ClientSecretBasic, "client_secret_basic"),
        (ClientAuthMethod.ClientSecretPost, "client_secret_post"),
        (ClientAuthMethod.ClientSecretJwt, "client_secret_jwt"),
        (ClientAuthMethod.PrivateKeyJwt, "private_key_jwt"),
        (ClientAuthMethod.TlsClientAuth, "tls_client_auth"),
        (ClientAuthMethod.SelfSignedTlsClientAuth, "self_signed_tls_client_auth"),
    ];

    /// <summary>The names of all methods that a client can be registered for, but <c>none</c>.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>The methods that send a secret as it is: what a client is registered for unless something else is said.</summary>
    public static IReadOnlyList<string> Default { get; } = ["client_secret_basic", "client_secret_post"];

    /// <summary>The methods that use a secret, sent or not.</summary>
    public const ClientAuthMethod WithSecret = ClientAuthMethod.ClientSecretBasic | ClientAuthMethod.ClientSecretPost | ClientAuthMethod.ClientSecretJwt;

    /// <summary>The methods that use registered keys or certificates.</summary>
    public const ClientAuthMethod WithKeys = ClientAuthMethod.PrivateKeyJwt | ClientAuthMethod.SelfSignedTlsClientAuth;

    /// <summary>The names of the methods in a set; <c>none</c> for the empty set, and <c>Bearer</c> for an access token (RFC 8414 §2 has it so).</summary>
    public static IReadOnlyList<string> Names(this ClientAuthMethod methods) =>
        methods is ClientAuthMethod.None ? ["none"] : methods is ClientAuthMethod.Bearer ? ["Bearer"] : [.. Table.Where(row => methods.HasFlag(row.Method)).Select(row => row.Name)];

    /// <summary>The method of that name, or false.</summary>
    public static bool TryParse(string? name, out ClientAuthMethod method)
    {
        method = Array.Find(Table, row => row.Name == name).Method;
        return method is not ClientAuthMethod.None || name == "none";
    }
}
