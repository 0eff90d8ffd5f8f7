using System.Security.Claims;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

public sealed class TokenIdentityTests
{
    private readonly Claim[] _shared = [new("sub", "u-1"), new("scope", "a"), new("scope", "b")];

    [Fact]
    public void It_has_the_claims_of_the_token()
    {
        var identity = New();
        identity.Claims.ShouldBe(_shared);
        identity.Name.ShouldBe("u-1");
        identity.HasClaim("scope", "b").ShouldBeTrue();
        identity.FindAll("scope").Count().ShouldBe(2);
        identity.FindFirst("sub")!.Value.ShouldBe("u-1");
        identity.IsAuthenticated.ShouldBeTrue();
        new ClaimsPrincipal(identity).HasClaim("scope", "a").ShouldBeTrue();
    }

    [Fact]
    public void What_one_request_changes_no_other_sees()
    {
        var (one, other) = (New(), New());
        one.AddClaim(new Claim("tenant", "t"));
        one.AddClaims([new Claim("role", "r")]);
        one.TryRemoveClaim(one.FindFirst("sub")).ShouldBeTrue();
        one.Claims.Select(claim => claim.Value).ShouldBe(["a", "b", "t", "r"]);
        one.Claims.ShouldAllBe(claim => claim.Subject == one);
        other.Claims.ShouldBe(_shared);
        _shared.Length.ShouldBe(3);
    }

    [Fact]
    public void A_claim_that_was_read_before_can_be_removed()
    {
        var identity = New();
        var read = identity.FindFirst("scope")!;
        identity.AddClaim(new Claim("tenant", "t"));
        identity.RemoveClaim(read);
        identity.Claims.Select(claim => claim.Value).ShouldBe(["u-1", "b", "t"]);
        Should.Throw<InvalidOperationException>(() => identity.RemoveClaim(new Claim("no", "such")));
        identity.TryRemoveClaim(null).ShouldBeFalse();
    }

    [Fact]
    public void A_copy_has_the_claims_too()
    {
        var identity = New();
        var copy = identity.Clone();
        copy.AddClaim(new Claim("tenant", "t"));
        copy.Claims.Count().ShouldBe(4);
        identity.Claims.Count().ShouldBe(3);
        new ClaimsPrincipal(identity).Clone().Claims.Count().ShouldBe(3);
    }

    private TokenIdentity New() => new(_shared, "Bearer", "sub", "roles");
}
