namespace Touchstone.Client;

/// <summary>What becomes of access tokens that are JWTs.</summary>
public enum JwtMode
{
    /// <summary>They are introspected as all others are. The default.</summary>
    IntrospectAlways,

    /// <summary>Those of the <see cref="JwtOptions.Issuers"/> are judged here; all others are introspected.</summary>
    JwtFirst,
}

/// <summary>
/// Judging JWT access tokens (RFC 9068) without asking anybody. <see cref="JwtIssuer.Revocation"/> says what ends one before it expires; for that the server has to give this caller the key of its tags
/// (<c>touchstone client give-tag-key ID</c>). An endpoint may ask the server about each JWT all the same (<see cref="IntrospectionPolicy.AlsoIntrospectJwts"/>).
/// </summary>
public sealed class JwtOptions
{
    /// <summary>Whether JWTs are judged here. Default <see cref="JwtMode.IntrospectAlways"/>.</summary>
    public JwtMode Mode { get; set; }

    /// <summary>Whose JWTs are judged here: 1 to 100 where the mode is <see cref="JwtMode.JwtFirst"/>. One that can't be reached harms no other.</summary>
    public IList<JwtIssuer> Issuers { get; set; } = [];
}

/// <summary>An issuer of JWT access tokens (RFC 9068). A JWT that names it is refused unless all is right with it: it is never introspected instead.</summary>
public sealed class JwtIssuer
{
    /// <summary>Its identifier, to the letter as <c>iss</c> has it: an https URL. Its metadata (RFC 8414) says where its keys are.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>The names of this API, of which <c>aud</c> must have one. At least one.</summary>
    public IList<string> Audiences { get; set; } = [];

    /// <summary>The algorithms that it may sign with: of ES256, ES384, ES512, PS256, PS384, PS512, RS256, RS384, RS512. Empty, the default: each of these.</summary>
    public IList<string> Algorithms { get; set; } = [];

    /// <summary>Where its keys are (RFC 7517), where the metadata is not to be asked. Default null.</summary>
    public Uri? JwksUri { get; set; }

    /// <summary>What ends its JWTs before they expire. Default <see cref="JwtRevocation.Automatic"/>.</summary>
    public JwtRevocation Revocation { get; set; }
}
