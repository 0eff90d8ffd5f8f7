using FsCheck.Fluent;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Revocation;

public sealed class SelectorTests
{
    private const string AbcHash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    private static readonly TokenHash Hash = TokenHash.Of("abc");

    public static TheoryData<Selector, string, string> Known => new()
    {
        { Selector.Token(Hash), AbcHash, "token:" + AbcHash },
        { Selector.Grant("g-1"), "g-1", "grant:g-1" },
        { Selector.Session("https://as", "s-1"), "10:https://ass-1", "session:10:https://ass-1" },
        { Selector.Subject("https://as", "u:1"), "10:https://asu:1", "subject:10:https://asu:1" },
        { Selector.Member("t", "https://as", "u:1"), "10:https://as1:tu:1", "member:10:https://as1:tu:1" },
        { Selector.Jwt("https://as", "j:1"), "10:https://asj:1", "jwt:10:https://asj:1" },
        { Selector.Client("web"), "web", "client:web" },
        { Selector.Tenant("t"), "t", "tenant:t" },
        { Selector.All, "", "all" },
        { Selector.Registration("web"), "web", "registration:web" },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void Each_kind_has_its_key_and_reads_it_back(Selector selector, string key, string text)
    {
        selector.Key.ShouldBe(key);
        selector.ToString().ShouldBe(text);
        Selector.TryParse(selector.Kind, key, out var parsed).ShouldBeTrue();
        parsed.ShouldBe(selector);
    }

    [Fact]
    public void Every_kind_stands_in_the_table_above() => Known.Select(row => row.Data.Item1.Kind).ShouldBe(Enum.GetValues<SelectorKind>(), ignoreOrder: true);

    [Fact]
    public void Tokens_grants_sessions_and_JWTs_end_for_ever_and_nothing_else_does() =>
        Enum.GetValues<SelectorKind>().Where(kind => new Selector(kind).EndsForEver).ShouldBe([SelectorKind.Token, SelectorKind.Grant, SelectorKind.Session, SelectorKind.Jwt]);

    [Theory]
    [InlineData("1:a", "b", "1", ":ab")]
    [InlineData("a", "bc", "ab", "c")]
    [InlineData("", "1:a", "1:a", "")]
    [InlineData("1", "1", "", "11")]
    [InlineData("3:a:b", ":c", "3:a", ":b:c")]
    public void L21_Keys_are_length_prefixed_so_that_two_pairs_never_collide(string issuer, string id, string otherIssuer, string otherId)
    {
        Selector.Subject(issuer, id).Key.ShouldNotBe(Selector.Subject(otherIssuer, otherId).Key);
        Selector.Session(issuer, id).Key.ShouldNotBe(Selector.Session(otherIssuer, otherId).Key);
    }

    [Fact]
    public void L21_Issuers_and_identifiers_of_colons_and_digits_survive_and_never_collide()
    {
        var part = Properties.From("1", "2", "10", ":", "a", "é", "😀", "").Or(Properties.Chars);
        Properties.Hold(part.Zip(part).Zip(part.Zip(part)), input =>
        {
            var ((issuer, id), (otherIssuer, otherId)) = input;
            foreach (var selector in new[] { Selector.Subject(issuer, id), Selector.Session(issuer, id), Selector.Member(id, issuer, id), Selector.Member(issuer, id, issuer) })
            {
                Selector.TryParse(selector.Kind, selector.Key, out var parsed).ShouldBeTrue();
                parsed.ShouldBe(selector);
            }
            var isSame = issuer == otherIssuer && id == otherId;
            (Selector.Subject(issuer, id).Key == Selector.Subject(otherIssuer, otherId).Key).ShouldBe(isSame);
            (Selector.Subject(issuer, id) == Selector.Subject(otherIssuer, otherId)).ShouldBe(isSame);
            (Selector.Member(issuer, id, "x").Key == Selector.Member(otherIssuer, otherId, "x").Key).ShouldBe(isSame);
            (Selector.Member("x", issuer, id).Key == Selector.Member("x", otherIssuer, otherId).Key).ShouldBe(isSame);
        }, runs: 5000);
    }

    [Theory]
    [InlineData(SelectorKind.Token, "")]
    [InlineData(SelectorKind.Token, "abc")]
    [InlineData(SelectorKind.Token, "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    [InlineData(SelectorKind.Grant, "")]
    [InlineData(SelectorKind.Client, "")]
    [InlineData(SelectorKind.Tenant, "")]
    [InlineData(SelectorKind.Registration, "")]
    [InlineData(SelectorKind.All, "x")]
    [InlineData(SelectorKind.Subject, "")]
    [InlineData(SelectorKind.Subject, "abc")]
    [InlineData(SelectorKind.Subject, ":abc")]
    [InlineData(SelectorKind.Subject, "4:abc")]
    [InlineData(SelectorKind.Subject, "-1:abc")]
    [InlineData(SelectorKind.Subject, "+1:abc")]
    [InlineData(SelectorKind.Subject, " 1:abc")]
    [InlineData(SelectorKind.Subject, "1 :abc")]
    [InlineData(SelectorKind.Subject, "01:abc")]
    [InlineData(SelectorKind.Subject, "00:abc")]
    [InlineData(SelectorKind.Subject, "1x:abc")]
    [InlineData(SelectorKind.Subject, "99999999999999999999:abc")]
    [InlineData(SelectorKind.Subject, "2147483647:abc")]
    [InlineData(SelectorKind.Session, "abc")]
    [InlineData(SelectorKind.Member, "")]
    [InlineData(SelectorKind.Member, "1:abc")]
    [InlineData(SelectorKind.Member, "1:a9:bc")]
    [InlineData(SelectorKind.Member, "1:a01:bc")]
    [InlineData((SelectorKind)0, "abc")]
    [InlineData((SelectorKind)99, "abc")]
    public void A_key_that_does_not_fit_its_kind_is_refused(SelectorKind kind, string key)
    {
        Selector.TryParse(kind, key, out var selector).ShouldBeFalse();
        selector.ShouldBe(default);
    }

    [Fact]
    public void C43_No_key_makes_the_parser_throw_and_what_it_accepts_it_writes_the_same()
    {
        var kinds = Gen.Choose(0, 255).Select(kind => (SelectorKind)kind).Or(Gen.Elements(Enum.GetValues<SelectorKind>()));
        var keys = Properties.From("0", "1", "3", "12", ":", "a", "-", " ").Or(Properties.Chars);
        Properties.Hold(kinds.Zip(keys), input =>
        {
            var (kind, key) = input;
            if (Selector.TryParse(kind, key, out var selector))
            {
                selector.Kind.ShouldBe(kind);
                selector.Key.ShouldBe(key);
            }
            else
            {
                selector.ShouldBe(default);
            }
        }, runs: 5000);
    }
}
