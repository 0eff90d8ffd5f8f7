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
}

/// <summary>The registered names of the methods.</summary>
public static class ClientAuthMethods
{
    private static readonly (ClientAuthMethod Method, string Name)[] Table =
    [
        (ClientAuthMethod.ClientSecretBasic, "client_secret_basic"),
        (ClientAuthMethod.ClientSecretPost, "client_secret_post"),
    ];

    /// <summary>The names of all methods but <c>none</c>.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>The names of the methods in a set; <c>none</c> for the empty set.</summary>
    public static IReadOnlyList<string> Names(this ClientAuthMethod methods) =>
        methods is ClientAuthMethod.None ? ["none"] : [.. Table.Where(row => methods.HasFlag(row.Method)).Select(row => row.Name)];

    /// <summary>The method of that name, or false.</summary>
    public static bool TryParse(string? name, out ClientAuthMethod method)
    {
        method = Array.Find(Table, row => row.Name == name).Method;
        return method is not ClientAuthMethod.None || name == "none";
    }
}
