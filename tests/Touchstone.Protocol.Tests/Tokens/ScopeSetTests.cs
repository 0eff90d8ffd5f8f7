using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Tokens;

public sealed class ScopeSetTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void T03_No_scope_is_the_empty_set(string? text)
    {
        ScopeSet.TryParse(text, out var scope).ShouldBeTrue();
        scope.ShouldBe(ScopeSet.Empty);
        scope.IsEmpty.ShouldBeTrue();
        scope.Text.ShouldBe("");
        scope.Names.ShouldBeEmpty();
    }

    [Fact]
    public void T03_Names_keep_their_order_and_repetitions_leave()
    {
        var scope = Parse("b a b c a");
        scope.Names.ShouldBe(["b", "a", "c"]);
        scope.Text.ShouldBe("b a c");
        scope.ToString().ShouldBe("b a c");
        scope.IsEmpty.ShouldBeFalse();
    }

    [Theory]
    [InlineData(" ")]
    [InlineData(" a")]
    [InlineData("a ")]
    [InlineData("a  b")]
    [InlineData("a\tb")]
    [InlineData("a\nb")]
    [InlineData("a\u00a0b")]
    [InlineData("a\"b")]
    [InlineData("a\\b")]
    [InlineData("é")]
    [InlineData("a\0")]
    [InlineData("a\u007f")]
    [InlineData("😀")]
    public void C43_A_scope_outside_the_grammar_is_refused(string text)
    {
        ScopeSet.TryParse(text, out var scope).ShouldBeFalse();
        scope.ShouldBeNull();
    }

    [Fact]
    public void C43_A_scope_name_has_exactly_the_characters_of_the_grammar()
    {
        for (var unit = 0; unit <= char.MaxValue; unit++)
        {
            var expected = unit is 0x21 or (>= 0x23 and <= 0x5B) or (>= 0x5D and <= 0x7E);
            ScopeSet.IsName($"a{(char)unit}").ShouldBe(expected, $"U+{unit:X4}");
        }
        ScopeSet.IsName("").ShouldBeFalse();
    }

    [Fact]
    public void C43_A_scope_has_at_most_4096_characters()
    {
        ScopeSet.TryParse(new string('a', ScopeSet.MaxLength), out _).ShouldBeTrue();
        ScopeSet.TryParse(new string('a', ScopeSet.MaxLength + 1), out var scope).ShouldBeFalse();
        scope.ShouldBeNull();
    }

    [Fact]
    public void C43_No_text_makes_the_parser_throw() => Properties.Hold(Properties.Chars, text =>
    {
        if (ScopeSet.TryParse(text, out var scope)) scope.Names.ShouldAllBe(name => ScopeSet.IsName(name));
        else scope.ShouldBeNull();
    });

    [Fact]
    public void C22_Names_are_case_sensitive()
    {
        var scope = Parse("read Write");
        scope.Contains("read").ShouldBeTrue();
        scope.Contains("Read").ShouldBeFalse();
        scope.Contains("write").ShouldBeFalse();
        scope.Contains("read Write").ShouldBeFalse();
        Parse("a A").Names.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "a", true)]
    [InlineData("a", "", false)]
    [InlineData("a", "a b", true)]
    [InlineData("b a", "a b", true)]
    [InlineData("a c", "a b", false)]
    [InlineData("A", "a b", false)]
    [InlineData("ab", "a b", false)]
    public void T06_A_subset_is_judged_by_whole_names_in_any_order(string part, string whole, bool expected) =>
        Parse(part).IsSubsetOf(Parse(whole)).ShouldBe(expected);

    [Fact]
    public void I13_A_condition_keeps_the_names_it_holds_for()
    {
        var scope = Parse("orders:read touchstone:admin orders:write");
        scope.Where(name => !name.StartsWith("touchstone:", StringComparison.Ordinal)).Text.ShouldBe("orders:read orders:write");
        scope.Where(_ => true).ShouldBeSameAs(scope);
        scope.Where(_ => false).ShouldBe(ScopeSet.Empty);
    }

    [Fact]
    public void Equality_is_by_text()
    {
        Parse("a b").ShouldBe(Parse("a b"));
        Parse("a b").GetHashCode().ShouldBe(Parse("a b").GetHashCode());
        Parse("a b").Equals((object)Parse("a b")).ShouldBeTrue();
        Parse("a b").Equals(Parse("a")).ShouldBeFalse();
        Parse("a b").Equals("a b").ShouldBeFalse();
        Parse("a b").Equals(null).ShouldBeFalse();
    }

    private static ScopeSet Parse(string text)
    {
        ScopeSet.TryParse(text, out var scope).ShouldBeTrue();
        return scope.ShouldNotBeNull();
    }
}
