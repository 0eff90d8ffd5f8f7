using System.Security.Claims;

namespace Touchstone.AspNetCore;

/// <summary>
/// The identity of one request, with claims that all requests of the token share until this one changes them. The framework's own copies each claim for each identity: a microsecond and a kilobyte for a dozen of them.
/// </summary>
internal sealed class TokenIdentity : ClaimsIdentity
{
    private Claim[]? _shared;

    internal TokenIdentity(Claim[] shared, string authenticationType, string nameType, string roleType)
        : base(authenticationType, nameType, roleType) => _shared = shared;

    public override IEnumerable<Claim> Claims => _shared ?? base.Claims;

    public override void AddClaim(Claim claim)
    {
        Own();
        base.AddClaim(claim);
    }

    public override void AddClaims(IEnumerable<Claim?> claims)
    {
        Own();
        base.AddClaims(claims);
    }

    public override void RemoveClaim(Claim? claim)
    {
        if (!TryRemoveClaim(claim)) base.RemoveClaim(claim);
    }

    // A claim that was read from here before it was changed is known by what it says.
    public override bool TryRemoveClaim(Claim? claim)
    {
        if (claim is null) return false;
        Own();
        return base.TryRemoveClaim(claim) || base.TryRemoveClaim(base.Claims.FirstOrDefault(own => own.Type == claim.Type && own.Value == claim.Value && own.ValueType == claim.ValueType && own.Issuer == claim.Issuer));
    }

    public override ClaimsIdentity Clone()
    {
        Own();
        return base.Clone();
    }

    // From here on the claims are this identity's own.
    private void Own()
    {
        if (_shared is not { } shared) return;
        _shared = null;
        base.AddClaims(shared);
    }
}
