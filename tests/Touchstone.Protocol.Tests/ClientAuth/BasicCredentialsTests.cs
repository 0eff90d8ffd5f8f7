using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Protocol.Tests.ClientAuth;

public sealed class BasicCredentialsTests
{
    private const string KnownHeader = "Basic cnMlM0FvcmRlcnMrMTpwJTQwc3MlMkJ3JTI1cmQ=";

    [Fact]
    public void A02_Known_answer_is_written() => ClientCredentials.Basic("rs:orders 1", "p@ss+w%rd").ShouldBe(KnownHeader);

    [Fact]
    public void A02_Known_answer_is_read() => Presented.In(KnownHeader).ShouldBe(Presented.Basic("rs:orders 1", "p@ss+w%rd"));

    [Theory]
    [InlineData("id:secret", "id", "secret")]
    [InlineData("id:se:cr:et", "id", "se:cr:et")]
    [InlineData("i%3Ad:se%3Acret", "i:d", "se:cret")]
    [InlineData("i+d:s+t", "i d", "s t")]
    [InlineData("i%2Bd:s%2Bt", "i+d", "s+t")]
    [InlineData("i%253Ad:s", "i%3Ad", "s")]
    [InlineData("id:%C3%A9", "id", "é")]
    public void A02_Basic_parts_are_form_decoded_after_splitting_at_the_first_colon(string pair, string id, string secret) =>
        Presented.In(Presented.Header(pair)).ShouldBe(Presented.Basic(id, secret));

    [Fact]
    public void A01_Any_registered_pair_travels_in_a_basic_header() => Properties.Hold(VisibleText.Zip(Properties.Text.Resize(20)), input =>
    {
        var (id, secret) = input;
        Presented.In(ClientCredentials.Basic(id, secret)).ShouldBe(Presented.Basic(id, secret));
    });

    [Theory]
    [InlineData("basic")]
    [InlineData("BASIC")]
    [InlineData("bAsIc")]
    public void C10_The_scheme_name_is_case_insensitive(string scheme) =>
        Presented.In(Presented.Header("id:secret", scheme)).ShouldBe(Presented.Basic("id", "secret"));

    [Fact]
    public void C10_More_spaces_may_follow_the_scheme() => Presented.In("Basic   aWQ6c2VjcmV0 ").ShouldBe(Presented.Basic("id", "secret"));

    [Theory]
    [InlineData("Digest username=\"id\"")]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic\taWQ6c2VjcmV0")]
    [InlineData("BasicaWQ6c2VjcmV0")]
    [InlineData(" Basic aWQ6c2VjcmV0")]
    [InlineData(" ")]
    [InlineData("Basic aWQ6c2VjcmV0 x")]
    [InlineData("Basic aWQ6 c2VjcmV0")]
    [InlineData("Basic aWQ6\tc2VjcmV0")]
    [InlineData("Basic aWQ6\r\nc2VjcmV0")]
    [InlineData("Basic aWQ6\nc2VjcmV0")]
    [InlineData("Basic aWQ6c2VjcmV")]
    [InlineData("Basic aWQ6c2VjcmV0=")]
    [InlineData("Basic aWQ6c2Vj-_V0")]
    [InlineData("Basic ====")]
    [InlineData("Basic é")]
    [InlineData("Basic aWQ6c2VjcmV0, Basic aWQ6c2VjcmV0")]
    public void A08_A_header_that_is_not_basic_over_base64_is_unreadable(string header) => Presented.In(header).ShouldBe(Presented.Unreadable);

    [Theory]
    [InlineData("id")]
    [InlineData("")]
    [InlineData(":")]
    [InlineData(":secret")]
    [InlineData("i%3A")]
    [InlineData("id%:secret")]
    [InlineData("id:secret%2")]
    [InlineData("id:%zz")]
    public void A02_A_pair_that_breaks_the_form_is_unreadable(string pair) => Presented.In(Presented.Header(pair)).ShouldBe(Presented.Unreadable);

    [Theory]
    [InlineData("i\nd:s")]
    [InlineData("i%0Ad:s")]
    [InlineData("%00:s")]
    [InlineData("%7F:s")]
    [InlineData("é:s")]
    [InlineData("%FF:s")]
    public void C43_A_client_id_outside_the_grammar_is_unreadable(string pair) => Presented.In(Presented.Header(pair)).ShouldBe(Presented.Unreadable);

    [Fact]
    public void A02_A_secret_of_bytes_that_are_not_utf8_is_compared_as_bytes()
    {
        Span<byte> scratch = stackalloc byte[ClientCredentials.ScratchSize];
        var header = "Basic " + Convert.ToBase64String([.. "id:"u8, 0xC3, 0x28, 0xFF]);
        ClientCredentials.Read(header, new Protocol.Forms.OAuthForm(), scratch, out var credentials).ShouldBe(CredentialsResult.Presented);
        credentials.Secret.ToArray().ShouldBe([0xC3, 0x28, 0xFF]);
    }

    [Fact]
    public void A12_An_empty_secret_stays_empty_and_basic_so_that_it_never_passes_for_a_public_client() =>
        Presented.In(Presented.Header("id:")).ShouldBe(Presented.Basic("id", ""));

    [Fact]
    public void C43_Basic_credentials_have_at_most_1024_characters()
    {
        var secret = new string('s', ClientCredentials.ScratchSize - 3);
        var header = Presented.Header("id:" + secret);
        header.Length.ShouldBe("Basic ".Length + 1024);
        Presented.In(header).ShouldBe(Presented.Basic("id", secret));
        Presented.In(Presented.Header("id:s" + secret)).ShouldBe(Presented.Unreadable);
    }

    private static Gen<string> VisibleText => Gen.Choose(0x20, 0x7E).Select(i => (char)i).NonEmptyListOf().Select(chars => string.Concat(chars.Take(60)));
}
