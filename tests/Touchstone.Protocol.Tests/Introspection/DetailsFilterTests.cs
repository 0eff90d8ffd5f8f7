using System.Buffers;
using System.Text;
using Touchstone.Protocol.Introspection;

namespace Touchstone.Protocol.Tests.Introspection;

public sealed class DetailsFilterTests
{
    [Theory]
    [InlineData("", false)]
    [InlineData("[]", false)]
    [InlineData("""[{"type":"t"},{"type":"locations","x":{"locations":["a"]}}]""", false)]
    [InlineData("""[{"type":"t"},{"locations":["a"],"type":"t"}]""", true)]
    [InlineData("""[{"type":"t","loc\u0061tions":["a"]}]""", true)]
    public void D04_It_is_needed_where_one_says_for_whom_it_is(string details, bool isNeeded) => DetailsFilter.IsNeeded(Encoding.UTF8.GetBytes(details)).ShouldBe(isNeeded);

    [Theory]
    [InlineData("", "")]
    [InlineData("""[{"type":"t", "n":1.50}]""", """[{"type":"t", "n":1.50}]""")]
    [InlineData("""[{"type":"t","locations":["rs"]}, {"type":"u"}]""", """[{"type":"t","locations":["rs"]},{"type":"u"}]""")]
    [InlineData("""[{"type":"t","locations":["other","rs"]}]""", """[{"type":"t","locations":["other","rs"]}]""")]
    [InlineData("""[{"type":"t","locations":["r\u0073"]}]""", """[{"type":"t","locations":["r\u0073"]}]""")]
    [InlineData("""[{"type":"t","locations":"rs"}]""", """[{"type":"t","locations":"rs"}]""")]
    [InlineData("""[{"type":"t","locations":["other"],"rs":["rs"]},{"type":"u","x":{"locations":["other"]}}]""", """[{"type":"u","x":{"locations":["other"]}}]""")]
    [InlineData("""[{"type":"t","locations":["RS"]}]""", "")]
    [InlineData("""[{"type":"t","locations":[]}]""", "")]
    [InlineData("""[{"type":"t","locations":null}]""", "")]
    [InlineData("""[{"type":"t","locations":{"rs":"rs"}}]""", "")]
    [InlineData("""[{"type":"t","locations":[["rs"],{"a":"rs"}]}]""", "")]
    [InlineData("""[{"type":"t","locations":["rs"],"locations":["other"]}]""", "")]
    public void D04_D21_Those_for_others_are_left_out(string details, string shown) =>
        Encoding.UTF8.GetString(DetailsFilter.For(Encoding.UTF8.GetBytes(details), ["rs"]).Span).ShouldBe(shown);

    [Fact]
    public void D21_A_view_that_shows_everything_shows_of_them_the_callers_part()
    {
        const string Before = "{\"active\":true,\"sub\":\"u\",", After = "\"acr\":\"1\"}";
        var view = new IntrospectionView { Locations = ["rs"] };
        view.IsWhole.ShouldBeTrue();
        Shown(view, $$"""{{Before}}"authorization_details":[{"type":"t","locations":["rs"]},{"type":"u","locations":["other"]}],{{After}}""").ShouldBe($$"""{{Before}}"authorization_details":[{"type":"t","locations":["rs"]}],{{After}}""");
        Shown(view, $$"""{{Before}}"authorization_details":[{"type":"u","locations":["other"]}],{{After}}""").ShouldBe(Before + After);
        Shown(view, Before + After).ShouldBe(Before + After);
    }

    [Fact]
    public void D21_A_claim_that_is_not_shown_is_not_shown_in_part()
    {
        const string Answer = """{"active":true,"authorization_details":[{"type":"t","locations":["rs"]}]}""";
        Shown(new IntrospectionView { Locations = ["rs"], Claims = ["acr"] }, Answer).ShouldBe("""{"active":true}""");
        Shown(new IntrospectionView { Locations = ["rs"], Claims = ["authorization_details"] }, Answer).ShouldBe(Answer);
        Shown(new IntrospectionView { Locations = ["rs"], Subject = SubjectView.Omitted }, Answer).ShouldBe("""{"active":true}""");
    }

    private static string Shown(IntrospectionView view, string answer)
    {
        var output = new ArrayBufferWriter<byte>();
        view.Write(output, Encoding.UTF8.GetBytes(answer));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
