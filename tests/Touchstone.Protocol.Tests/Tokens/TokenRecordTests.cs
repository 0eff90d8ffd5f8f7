using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Tokens;

public sealed class TokenRecordTests
{
    [Theory]
    [InlineData("", "Bearer")]
    [InlineData("{}", "Bearer")]
    [InlineData("""{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}""", "Bearer")]
    [InlineData("""{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}""", "DPoP")]
    [InlineData("""{"x5t#S256":"a","jkt":"b"}""", "DPoP")]
    [InlineData("""{"\u006akt":"b"}""", "DPoP")]
    [InlineData("""{"JKT":"b"}""", "Bearer")]
    [InlineData("""{"other":{"jkt":"b"}}""", "Bearer")]
    [InlineData("""{"other":"jkt"}""", "Bearer")]
    public void I10_The_token_type_is_dpop_exactly_when_the_token_is_bound_by_jkt(string confirmation, string expected) =>
        (TokenRecords.Access with { Confirmation = TokenRecords.Json(confirmation) }).TokenType.ShouldBe(expected);

    [Fact]
    public void What_a_record_need_not_have_is_absent_or_empty()
    {
        var record = new TokenRecord
        {
            Hash = TokenHash.Of("abc"), Kind = TokenKind.AccessToken, ClientId = "c", Issuer = TokenRecords.Issuer, IssuedAt = 1, ExpiresAt = 2, Born = 0,
        };
        record.NotBefore.ShouldBeNull();
        record.Subject.ShouldBeNull();
        record.Scope.ShouldBe(ScopeSet.Empty);
        record.Audience.ShouldBeEmpty();
        record.Ancestors.ShouldBeEmpty();
        record.Claims.IsEmpty.ShouldBeTrue();
        TokenRecord.MaxAncestors.ShouldBe(16);
    }

    [Fact]
    public void What_is_told_can_be_given_and_taken_away_without_touching_the_record_it_came_from()
    {
        var json = TokenRecords.Json("{}");
        var told = TokenRecords.Access with { Username = "jane", Jti = "9f1c", Confirmation = json, Actor = json, AuthorizationDetails = json, Claims = json };
        told.Username.ShouldBe("jane");
        told.Jti.ShouldBe("9f1c");
        ShouldBeJson(told.Confirmation, told.Actor, told.AuthorizationDetails, told.Claims);

        var changed = told with { Username = null, Jti = "77", Actor = default };
        changed.Username.ShouldBeNull();
        changed.Jti.ShouldBe("77");
        changed.Actor.IsEmpty.ShouldBeTrue();
        ShouldBeJson(changed.Confirmation, changed.AuthorizationDetails, changed.Claims);

        told.Username.ShouldBe("jane");
        told.Jti.ShouldBe("9f1c");
        ShouldBeJson(told.Actor);
        TokenRecords.Access.Username.ShouldBeNull();
    }

    [Fact]
    public void A_record_without_what_is_only_told_is_judged_the_same()
    {
        var json = TokenRecords.Json("{}");
        var told = TokenRecords.Access with { Username = "jane", Jti = "9f1c", Confirmation = json, Actor = json, AuthorizationDetails = json, Claims = json };
        told.WithoutTold().ShouldBe(TokenRecords.Access);
        TokenRecords.Access.WithoutTold().ShouldBe(TokenRecords.Access);
        told.Username.ShouldBe("jane");
    }

    [Fact]
    public void I45_The_text_of_a_record_holds_no_token() => TokenRecords.Access.ToString().ShouldNotContain("an access token");

    private static void ShouldBeJson(params ReadOnlyMemory<byte>[] members)
    {
        foreach (var member in members) member.ToArray().ShouldBe("{}"u8.ToArray());
    }
}
