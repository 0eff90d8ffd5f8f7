using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using static Touchstone.Protocol.Tests.Introspection.IntrospectionViewTests;

namespace Touchstone.Protocol.Tests.Introspection;

/// <summary>Whatever the token and whatever the view: it only takes away, and what is left is a whole answer.</summary>
public sealed class IntrospectionViewPropertyTests
{
    private static readonly string[] ScopeNames = ["a", "b", "orders:read", "<&+'>"];
    private static readonly string[] ClaimNames = ["username", "jti", "act", "authorization_details", "acr", "email", "ü", "", "q\"\\\n", "🙂"];
    private static readonly string[] Audiences = [TokenRecords.Orders, "https://billing.acme.test/", "urn:ü", "\"x\\"];
    private static readonly string[] Values = ["null", "true", "1.50e2", "\"\\u00fc \\\"\"", "[]", "[{\"sub\":\"x\"}]", "{\"exp\":1,\"a\":{\"b\":[]}}", "123456789012345678901234567890"];

    private static readonly Gen<TokenRecord> Tokens =
        from scope in Gen.SubListOf(ScopeNames)
        from audience in Gen.SubListOf(Audiences)
        from claims in Gen.SubListOf(ClaimNames.Skip(4))
        from values in Gen.Elements(Values).ArrayOf(ClaimNames.Length)
        from subject in Gen.OneOf(Gen.Constant<string?>(null), Properties.Text.Select(text => (string?)text))
        from has in Gen.Elements(true, false).ArrayOf(6)
        select TokenRecords.Access with
        {
            Scope = Scopes(string.Join(' ', scope)), Audience = [.. audience], Subject = subject,
            Username = has[0] ? subject : null, Jti = has[1] ? "9f1c" : null, NotBefore = has[2] ? TokenRecords.Now : null,
            Confirmation = has[3] ? TokenRecords.Json("""{"jkt":"k"}""") : default, Actor = has[4] ? TokenRecords.Json("""{"sub":"s"}""") : default,
            AuthorizationDetails = has[5] ? TokenRecords.Json("""[{"type":"t","n":1.50}]""") : default,
            Claims = claims.Count == 0 ? default : TokenRecords.Json($"{{{string.Join(',', claims.Select((name, i) => $"{JsonSerializer.Serialize(name)}:{values[i]}"))}}}"),
        };

    private static readonly Gen<IntrospectionView> Views =
        from scope in Gen.OneOf(Gen.Constant<ScopeSet?>(null), Gen.SubListOf(ScopeNames).Select(names => (ScopeSet?)Scopes(string.Join(' ', names))))
        from claims in Gen.OneOf(Gen.Constant<string[]?>(null), Gen.SubListOf(ClaimNames).Select(names => (string[]?)[.. names]))
        from audience in Gen.OneOf(Gen.Constant<string[]?>(null), Gen.SubListOf(Audiences).Select(names => (string[]?)[.. names]))
        from subject in Gen.Elements(Enum.GetValues<SubjectView>())
        from key in Gen.Elements(true, false)
        select new IntrospectionView { Scope = scope, Claims = claims, Audience = audience, Subject = subject, Pairwise = key ? new PairwiseSubject(new byte[PairwiseSubject.KeySize], "s") : null };

    private static readonly Gen<(TokenRecord, IntrospectionView)> Both = from token in Tokens from view in Views select (token, view);

    [Fact]
    public void I13_A_view_adds_nothing_changes_no_order_and_leaves_types_and_letters_as_they_are() => Hold((token, view, whole, shown) =>
    {
        Names(shown).ShouldBe(Names(whole).Intersect(Names(shown)));
        Names(shown).ShouldBeUnique();
        foreach (var member in Json(shown).EnumerateObject())
        {
            if (member.Name is "scope" or "aud" or "sub") continue;
            member.Value.GetRawText().ShouldBe(Json(whole).GetProperty(member.Name).GetRawText());
        }
        IntrospectionAnswer.TryRead(Encoding.UTF8.GetBytes(shown), out var answer).ShouldBeTrue(shown);
        answer!.IsActive.ShouldBeTrue();
    });

    [Fact]
    public void I13_What_every_answer_has_is_never_missing() => Hold((_, _, whole, shown) =>
    {
        foreach (var name in IntrospectionView.AlwaysShown.Intersect(Names(whole))) Json(shown).GetProperty(name).GetRawText().ShouldBe(Json(whole).GetProperty(name).GetRawText());
    });

    [Fact]
    public void I13_Nothing_that_the_lists_forbid_is_shown_and_everything_that_they_allow_is() => Hold((token, view, whole, shown) =>
    {
        var allowed = token.Scope.Names.Where(name => view.Scope is null || view.Scope.Contains(name)).ToArray();
        (Json(shown).TryGetProperty("scope", out var scope) ? scope.GetString() : "").ShouldBe(string.Join(' ', allowed));

        var own = token.Audience.Where(uri => view.Audience is null || view.Audience.Contains(uri)).ToArray();
        if (!Json(shown).TryGetProperty("aud", out var aud)) own.ShouldBeEmpty();
        else if (own.Length == 1) aud.GetString().ShouldBe(own[0]);
        else aud.EnumerateArray().Select(item => item.GetString()).ShouldBe(own);

        string[] fixedNames = [.. IntrospectionView.AlwaysShown, "sub", "scope", "aud"];
        var isHidden = view.Subject is not SubjectView.AsIs;
        Names(shown).Except(fixedNames).ShouldBe(Names(whole).Except(fixedNames)
            .Where(name => view.Claims is null ? !isHidden : view.Claims.Contains(name))
            .Where(name => name != "username" || !isHidden));
    });

    [Fact]
    public void I20_A_subject_is_shown_as_the_view_says_or_not_at_all() => Hold((token, view, _, shown) =>
    {
        var expected = view.Subject switch { SubjectView.AsIs => token.Subject, SubjectView.Pairwise when token.Subject is not null => view.Pairwise?.Of(token.Issuer, token.Subject), _ => null };
        (Json(shown).TryGetProperty("sub", out var sub) ? sub.GetString() : null).ShouldBe(expected);
    });

    [Fact]
    public void I13_To_look_twice_shows_no_more() => Hold((token, view, _, shown) =>
    {
        if (view.Subject is SubjectView.Pairwise) return; // Its name would be named once more.
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        view.Write(output, Encoding.UTF8.GetBytes(shown));
        Encoding.UTF8.GetString(output.WrittenSpan).ShouldBe(shown);
    });

    private static void Hold(Action<TokenRecord, IntrospectionView, string, string> property) => Properties.Hold(Both, pair =>
        property(pair.Item1, pair.Item2, Encoding.UTF8.GetString(WholeOf(pair.Item1)), Shown(pair.Item2, pair.Item1)));

    private static JsonElement Json(string json) => JsonElement.Parse(json);
}
