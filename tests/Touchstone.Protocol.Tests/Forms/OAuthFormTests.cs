using System.Buffers;
using System.Text;
using Touchstone.Protocol.Forms;

namespace Touchstone.Protocol.Tests.Forms;

public sealed class OAuthFormTests
{
    [Fact]
    public void C01_Parameters_are_found_by_their_decoded_names()
    {
        var form = FormBody.Parse("token=abc&client%5Fid=web%20shop+1");
        form.Count.ShouldBe(2);
        form.Get("token").ShouldBe("abc");
        form.Get("client_id").ShouldBe("web shop 1");
    }

    [Theory]
    [InlineData("")]
    [InlineData("&")]
    [InlineData("&&&")]
    [InlineData("token")]
    [InlineData("token=")]
    [InlineData("token&token=&token")]
    [InlineData("%74oken=")]
    public void C12_A_parameter_without_a_value_counts_as_omitted(string body)
    {
        var form = FormBody.Parse(body);
        form.Count.ShouldBe(0);
        form.Has("token"u8).ShouldBeFalse();
        form["token"u8].IsEmpty.ShouldBeTrue();
    }

    [Theory]
    [InlineData("token=&token=a")]
    [InlineData("token=a&token=")]
    [InlineData("token&token=a&token")]
    public void C12_An_empty_parameter_beside_one_with_a_value_is_no_repetition(string body) => FormBody.Parse(body).Get("token").ShouldBe("a");

    [Theory]
    [InlineData("token=a&token=b")]
    [InlineData("token=a&token=a")]
    [InlineData("token=a&x=1&token=b")]
    [InlineData("token=a&%74oken=b")]
    [InlineData("x=1&x=2")]
    [InlineData("=1&=2")]
    [InlineData("token=a&resource=1&token=b")]
    public void C12_C13_A_parameter_with_a_value_stands_once(string body) => new OAuthForm().Read(body, "resource", "audience").ShouldBe(FormResult.Repeated);

    [Fact]
    public void C12_Unknown_parameters_are_ignored() => FormBody.Parse("zzz=1&token=abc&%FF=2").Get("token").ShouldBe("abc");

    [Fact]
    public void C22_Names_are_case_sensitive()
    {
        var form = FormBody.Parse("Token=A&token=b&TOKEN=C");
        form.Get("token").ShouldBe("b");
        form.Get("tokeN").ShouldBe("");
    }

    [Fact]
    public void C13_Resource_and_audience_may_repeat_and_keep_their_order()
    {
        var form = new OAuthForm();
        form.Read("resource=a&scope=s&resource=b&audience=x&resource=c&audience=y", "resource", "audience").ShouldBe(FormResult.Ok);
        Values(form, "resource").ShouldBe(["a", "b", "c"]);
        Values(form, "audience").ShouldBe(["x", "y"]);
        Values(form, "scope").ShouldBe(["s"]);
        Values(form, "nothing").ShouldBeEmpty();
        form.Get("resource").ShouldBe("a");
    }

    [Theory]
    [InlineData("a=b=c", "a", "b=c")]
    [InlineData("a==", "a", "=")]
    [InlineData("=v", "", "v")]
    [InlineData("a=1;b=2", "a", "1;b=2")]
    [InlineData("a=%26%3D", "a", "&=")]
    [InlineData("a%3Db=c", "a=b", "c")]
    public void C01_The_first_equals_sign_ends_the_name_and_only_ampersands_end_the_value(string body, string name, string value)
    {
        var form = FormBody.Parse(body);
        form.Count.ShouldBe(1);
        form.Get(name).ShouldBe(value);
    }

    [Theory]
    [InlineData("token=%")]
    [InlineData("token=%zz")]
    [InlineData("%=a")]
    [InlineData("%4=")]
    [InlineData("ok=1&token=a%2")]
    public void C43_A_broken_percent_sign_anywhere_is_malformed(string body) => new OAuthForm().Read(body).ShouldBe(FormResult.Malformed);

    [Fact]
    public void C43_Bytes_that_are_not_utf8_are_kept_for_the_parameter_to_judge()
    {
        var form = new OAuthForm();
        form.Read(new ReadOnlySequence<byte>([(byte)'t', (byte)'=', 0xC3, 0x28, 0xFF])).ShouldBe(FormResult.Ok);
        form["t"u8].ToArray().ShouldBe([0xC3, 0x28, 0xFF]);
    }

    [Fact]
    public void C43_A_body_has_at_most_256_parameters_with_a_value()
    {
        var fields = Enumerable.Range(0, OAuthForm.MaxFields).Select(i => $"p{i}={i}").ToList();
        var form = FormBody.Parse(string.Join('&', fields) + "&empty=&empty");
        form.Count.ShouldBe(256);
        form.Get("p255").ShouldBe("255");
        new OAuthForm().Read(string.Join('&', fields.Append("one=more"))).ShouldBe(FormResult.Malformed);
    }

    [Theory]
    [InlineData("token=a&x=1&x=2", FormResult.Repeated)]
    [InlineData("token=a&x=%", FormResult.Malformed)]
    public void C12_A_body_that_cannot_be_read_leaves_the_form_empty(string body, FormResult result)
    {
        var form = new OAuthForm();
        form.Read(body).ShouldBe(result);
        form.Count.ShouldBe(0);
        form.Get("token").ShouldBe("");
    }

    [Fact]
    public void A_form_that_is_read_again_remembers_nothing()
    {
        var form = FormBody.Parse("token=abc&client_secret=s");
        form.Read("scope=x").ShouldBe(FormResult.Ok);
        form.Count.ShouldBe(1);
        form.Get("token").ShouldBe("");
        form.Get("client_secret").ShouldBe("");
    }

    [Fact]
    public void I45_Clearing_overwrites_tokens_and_secrets()
    {
        var form = FormBody.Parse("token=abc&client_secret=s%20t");
        var secret = form["client_secret"u8];
        form.Clear();
        form.Count.ShouldBe(0);
        form.Has("token"u8).ShouldBeFalse();
        secret.ToArray().ShouldBe([0, 0, 0]);
    }

    [Fact]
    public void I45_Reading_a_shorter_body_overwrites_the_whole_of_the_longer_one()
    {
        var form = FormBody.Parse("grant_type=client_credentials&client_secret=hidden");
        var secret = form["client_secret"u8];
        form.Read("a=b").ShouldBe(FormResult.Ok);
        secret.ToArray().ShouldAllBe(b => b == 0);
    }

    [Fact]
    public void A_body_longer_than_the_buffer_is_read_whole()
    {
        var value = new string('x', 5000);
        var form = FormBody.Parse($"token={value}&last=1");
        form.Get("token").ShouldBe(value);
        form.Get("last").ShouldBe("1");
    }

    [Fact]
    public void The_buffer_of_a_large_body_is_overwritten_and_given_back()
    {
        var form = FormBody.Parse($"token={new string('x', 400_000)}");
        var token = form["token"u8];
        form.Clear();
        token.IndexOfAnyExcept((byte)0).ShouldBe(-1);
        form.Read("token=y").ShouldBe(FormResult.Ok);
        form["token"u8].Overlaps(token).ShouldBeFalse();
    }

    private static List<string> Values(OAuthForm form, string name)
    {
        var values = new List<string>();
        var position = 0;
        while (form.Next(Encoding.UTF8.GetBytes(name), ref position, out var value)) values.Add(Encoding.UTF8.GetString(value));
        return values;
    }
}
