using System.Buffers;
using System.Text;
using System.Text.Json;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Introspection;

public sealed class IntrospectionViewTests
{
    private const string Billing = "https://billing.acme.test/";

    private static readonly PairwiseSubject Pairwise = new(new byte[PairwiseSubject.KeySize], "client rs-orders");

    private static readonly TokenRecord Record = TokenRecords.Access with
    {
        Username = "jane", Scope = Scopes("orders:read orders:write profile"), Audience = [TokenRecords.Orders, Billing], Jti = "9f1c", NotBefore = TokenRecords.Now,
        Confirmation = TokenRecords.Json("""{"x5t#S256":"k"}"""), Actor = TokenRecords.Json("""{"sub":"svc"}"""), AuthorizationDetails = TokenRecords.Json("""[{"type":"t"}]"""),
        Claims = TokenRecords.Json("""{"email":"jane@acme.test","acr":"aal2","roles":["a",1.50,null],"\u00fc\n":{"sub":"x"}}"""),
    };

    private static readonly string Whole = Encoding.UTF8.GetString(WholeOf(Record));

    [Fact]
    public void I13_Without_any_setting_the_answer_is_the_whole_one()
    {
        IntrospectionView.Whole.IsWhole.ShouldBeTrue();
        Shown(IntrospectionView.Whole).ShouldBe(Whole);
        Shown(new IntrospectionView { Scope = Record.Scope, Claims = [.. Names(Whole)], Audience = Record.Audience }).ShouldBe(Whole);
    }

    [Fact]
    public void Every_setting_makes_a_view_that_is_not_whole()
    {
        foreach (var view in (IntrospectionView[])
            [new() { Scope = ScopeSet.Empty }, new() { Claims = [] }, new() { Subject = SubjectView.Omitted }, new() { Subject = SubjectView.Pairwise }, new() { Audience = [] }])
        {
            view.IsWhole.ShouldBeFalse();
            Shown(view).Length.ShouldBeLessThan(Whole.Length);
        }
    }

    [Theory]
    [InlineData("orders:read", "orders:read")]
    [InlineData("profile orders:read other", "orders:read profile")]
    [InlineData("orders:read orders:write profile", "orders:read orders:write profile")]
    [InlineData("Orders:Read", null)]
    [InlineData("orders", null)]
    [InlineData("", null)]
    public void I13_Only_allowed_scopes_are_shown_in_the_tokens_order(string allowed, string? shown)
    {
        var json = Shown(new IntrospectionView { Scope = Scopes(allowed) });
        json.ShouldBe(Whole.Replace("\"scope\":\"orders:read orders:write profile\",", shown is null ? "" : $"\"scope\":\"{shown}\",", StringComparison.Ordinal));
    }

    [Fact]
    public void I13_Only_allowed_members_are_shown_and_those_of_every_answer()
    {
        Names(Shown(new IntrospectionView { Claims = ["jti", "acr", "nothing", "EMAIL"] }))
            .ShouldBe(["active", "iss", "sub", "client_id", "aud", "scope", "token_type", "iat", "nbf", "exp", "jti", "cnf", "acr"]);
        Names(Shown(new IntrospectionView { Claims = [] })).ShouldBe(["active", "iss", "sub", "client_id", "aud", "scope", "token_type", "iat", "nbf", "exp", "cnf"]);
    }

    [Fact]
    public void I13_Names_compare_after_their_escapes_are_read() =>
        Names(Shown(new IntrospectionView { Claims = ["ü\n"] })).Last().ShouldBe("ü\n");

    [Fact]
    public void I20_A_pairwise_subject_takes_the_place_of_the_subject_and_nothing_else_tells_who_it_is()
    {
        var json = Shown(new IntrospectionView { Subject = SubjectView.Pairwise, Pairwise = Pairwise });
        Names(json).ShouldBe(["active", "iss", "sub", "client_id", "aud", "scope", "token_type", "iat", "nbf", "exp", "cnf"]);
        JsonElement.Parse(json).GetProperty("sub").GetString().ShouldBe(Pairwise.Of(Record.Issuer, Record.Subject!));
    }

    [Fact]
    public void I20_An_omitted_subject_is_not_there_and_nothing_else_tells_who_it_is() =>
        Names(Shown(new IntrospectionView { Subject = SubjectView.Omitted })).ShouldBe(["active", "iss", "client_id", "aud", "scope", "token_type", "iat", "nbf", "exp", "cnf"]);

    [Theory]
    [InlineData(SubjectView.Pairwise)]
    [InlineData(SubjectView.Omitted)]
    public void I20_With_a_hidden_subject_claims_are_shown_where_they_are_listed_and_the_username_never(SubjectView subject)
    {
        var names = Names(Shown(new IntrospectionView { Subject = subject, Pairwise = Pairwise, Claims = ["acr", "username", "sub"] }));
        names.ShouldContain("acr");
        names.ShouldNotContain("username");
        names.Contains("sub").ShouldBe(subject is SubjectView.Pairwise);
    }

    [Fact]
    public void I20_Without_a_key_a_pairwise_subject_is_left_out() => Names(Shown(new IntrospectionView { Subject = SubjectView.Pairwise })).ShouldNotContain("sub");

    [Fact]
    public void I20_A_token_without_a_subject_gets_none() =>
        Names(Shown(new IntrospectionView { Subject = SubjectView.Pairwise, Pairwise = Pairwise }, Record with { Subject = null })).ShouldNotContain("sub");

    [Fact]
    public void I20_Only_own_audiences_are_shown_with_the_type_that_their_number_has()
    {
        Aud([TokenRecords.Orders], Record).ShouldBe($"\"{TokenRecords.Orders}\"");
        Aud([Billing, "x", TokenRecords.Orders], Record).ShouldBe($"[\"{TokenRecords.Orders}\",\"{Billing}\"]");
        Aud([TokenRecords.Orders], Record with { Audience = [TokenRecords.Orders] }).ShouldBe($"\"{TokenRecords.Orders}\"");
        Aud(["https://orders.acme.test"], Record).ShouldBeNull();
        Aud([Billing], Record with { Audience = [TokenRecords.Orders] }).ShouldBeNull();
        Aud([Billing], Record with { Audience = [] }).ShouldBeNull();
        Aud(["ü\"\\"], Record with { Audience = ["a", "ü\"\\", "b"] }).ShouldBe("\"ü\\\"\\\\\"");
    }

    [Fact]
    public void The_members_of_every_answer_are_what_acting_upon_it_needs() =>
        IntrospectionView.AlwaysShown.Order(StringComparer.Ordinal).ShouldBe(["active", "client_id", "cnf", "exp", "iat", "iss", "nbf", "token_type"]);

    private static string? Aud(string[] own, TokenRecord record) =>
        JsonElement.Parse(Shown(new IntrospectionView { Audience = own }, record)).TryGetProperty("aud", out var aud) ? aud.GetRawText() : null;

    internal static byte[] WholeOf(TokenRecord record)
    {
        var output = new ArrayBufferWriter<byte>();
        IntrospectionResponse.WriteActive(output, record);
        return output.WrittenSpan.ToArray();
    }

    internal static string Shown(IntrospectionView view, TokenRecord? record = null)
    {
        var output = new ArrayBufferWriter<byte>();
        view.Write(output, WholeOf(record ?? Record));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    internal static string[] Names(string json) => [.. JsonElement.Parse(json).EnumerateObject().Select(member => member.Name)];

    internal static ScopeSet Scopes(string text) => ScopeSet.TryParse(text, out var scope) ? scope : throw new FormatException(text);
}
