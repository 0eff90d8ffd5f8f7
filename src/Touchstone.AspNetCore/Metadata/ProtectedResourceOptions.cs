namespace Touchstone.AspNetCore;

/// <summary>What the metadata of an API says (RFC 9728 §2) beside what its scheme says already.</summary>
public sealed class ProtectedResourceOptions
{
    /// <summary>The issuers whose tokens are taken. Empty: <c>Introspection.Issuer</c>. Default empty.</summary>
    public IList<string> AuthorizationServers { get; set; } = [];

    /// <summary>The scopes that a client may need. Default empty: not told.</summary>
    public IList<string> ScopesSupported { get; set; } = [];

    /// <summary>A name for people. Default null: not told.</summary>
    public string? Name { get; set; }

    /// <summary>A page for developers. Default null: not told.</summary>
    public Uri? Documentation { get; set; }

    /// <summary>Whether clients may show a certificate that their tokens are bound to (RFC 8705 §3): the server must ask for it in TLS. Default false.</summary>
    public bool CertificateBoundTokens { get; set; }
}
