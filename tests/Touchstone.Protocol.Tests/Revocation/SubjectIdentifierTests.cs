using System.Text.Json;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Protocol.Tests.Revocation;

/// <summary>Subject identifiers (RFC 9493), as far as they name the subject of a token.</summary>
public sealed class SubjectIdentifierTests
{
    private static readonly SubjectIdentifier[] Alice = [new("https://idp.test", "alice")];

    [Fact]
    public void G01_An_issuer_and_subject_name_one_subject() => Read("""{"format":"iss_sub","iss":"https://idp.test","sub":"alice"}""").ShouldBe(Alice);

    [Fact]
    public void G01_An_opaque_identifier_is_a_subject_of_this_server() => Read("""{"id":"alice","format":"opaque"}""").ShouldBe([new SubjectIdentifier(null, "alice")]);

    [Fact]
    public void G01_Aliases_name_what_they_hold_and_pass_over_what_no_token_is_named_by()
    {
        Read("""{"format":"aliases","identifiers":[{"format":"iss_sub","iss":"https://idp.test","sub":"alice"},{"format":"email","email":"a@x.test"},{"format":"opaque","id":"u-1"}]}""")
            .ShouldBe([.. Alice, new SubjectIdentifier(null, "u-1")]);
        var most = string.Join(',', Enumerable.Repeat("""{"format":"opaque","id":"u-1"}""", SubjectIdentifier.MaxAliases));
        Read($$"""{"format":"aliases","identifiers":[{{most}}]}""").Count.ShouldBe(SubjectIdentifier.MaxAliases);
    }

    [Theory]
    [InlineData("""{"format":"email","email":"a@x.test"}""")]
    [InlineData("""{"format":"account","uri":"acct:a@x.test"}""")]
    [InlineData("""{"format":"phone_number","phone_number":"+12065550100"}""")]
    [InlineData("""{"format":"did","url":"did:example:1"}""")]
    [InlineData("""{"format":"uri","uri":"https://x.test/a"}""")]
    [InlineData("""{"format":"aliases","identifiers":[{"format":"email","email":"a@x.test"}]}""")]
    public void G01_A_format_that_names_no_subject_of_a_token_is_told_so(string json) => Fault(json).ShouldContain("use iss_sub or opaque");

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"alice\"")]
    [InlineData("{}")]
    [InlineData("""{"format":7}""")]
    [InlineData("""{"format":"ISS_SUB","iss":"https://idp.test","sub":"alice"}""")]
    [InlineData("""{"format":"jwt_id","iss":"x","jti":"y"}""")]
    [InlineData("""{"format":"iss_sub","iss":"https://idp.test"}""")]
    [InlineData("""{"format":"iss_sub","sub":"alice"}""")]
    [InlineData("""{"format":"iss_sub","iss":"https://idp.test","sub":"alice","email":"a@x.test"}""")]
    [InlineData("""{"format":"iss_sub","iss":"https://idp.test","sub":["alice"]}""")]
    [InlineData("""{"format":"iss_sub","iss":null,"sub":"alice"}""")]
    [InlineData("""{"format":"opaque","id":""}""")]
    [InlineData("""{"format":"opaque","id":"a","sub":"b"}""")]
    [InlineData("""{"format":"opaque","sub":"b"}""")]
    [InlineData("""{"format":"aliases","identifiers":[]}""")]
    [InlineData("""{"format":"aliases","identifiers":{}}""")]
    [InlineData("""{"format":"aliases","identifiers":["alice"]}""")]
    [InlineData("""{"format":"aliases","identifiers":[{"format":"opaque","id":"a"},{"format":"opaque"}]}""")]
    [InlineData("""{"format":"aliases","identifiers":[{"format":"aliases","identifiers":[{"format":"opaque","id":"a"}]}]}""")]
    public void G01_What_does_not_conform_to_its_format_is_refused_whole(string json) => Fault(json).ShouldNotBeEmpty();

    [Fact]
    public void G01_Too_many_aliases_are_refused()
    {
        var more = string.Join(',', Enumerable.Repeat("""{"format":"opaque","id":"u-1"}""", SubjectIdentifier.MaxAliases + 1));
        Fault($$"""{"format":"aliases","identifiers":[{{more}}]}""").ShouldContain("1 to 16");
    }

    private static IReadOnlyList<SubjectIdentifier> Read(string json)
    {
        SubjectIdentifier.TryRead(JsonElement.Parse(json), out var subjects, out var fault).ShouldBeTrue(fault);
        return subjects;
    }

    private static string Fault(string json)
    {
        SubjectIdentifier.TryRead(JsonElement.Parse(json), out _, out var fault).ShouldBeFalse();
        return fault!;
    }
}
