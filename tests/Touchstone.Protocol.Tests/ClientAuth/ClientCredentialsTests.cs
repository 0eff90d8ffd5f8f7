using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Forms;
using Touchstone.Protocol.Tests.Forms;

namespace Touchstone.Protocol.Tests.ClientAuth;

public sealed class ClientCredentialsTests
{
    private static readonly string Header = Presented.Header("id:secret");

    [Fact]
    public void A03_Id_and_secret_are_read_from_the_body() =>
        Presented.In("", "token=abc&client_id=i%3Ad&client_secret=s+t").ShouldBe(Presented.Post("i:d", "s t"));

    [Fact]
    public void R04_A_client_id_alone_is_a_public_client() => Presented.In("", "token=abc&client_id=web").ShouldBe(Presented.Public("web"));

    [Theory]
    [InlineData("client_id=web&client_secret=")]
    [InlineData("client_id=web&client_secret")]
    public void A12_An_empty_secret_in_the_body_counts_as_none(string body) => Presented.In("", body).ShouldBe(Presented.Public("web"));

    [Theory]
    [InlineData("")]
    [InlineData("token=abc")]
    [InlineData("client_id=&client_secret=")]
    [InlineData("Client_Id=web")]
    public void I07_A_request_without_credentials_has_none(string body) => Presented.In("", body).ShouldBe(Presented.Missing);

    [Fact]
    public void A08_A_secret_without_a_client_is_unreadable() => Presented.In("", "client_secret=s").ShouldBe(Presented.Unreadable);

    [Theory]
    [InlineData("client_id=i%0Ad")]
    [InlineData("client_id=%00&client_secret=s")]
    [InlineData("client_id=%C3%A9&client_secret=s")]
    [InlineData("client_id=%FF")]
    public void C43_A_client_id_outside_the_grammar_is_unreadable(string body) => Presented.In("", body).ShouldBe(Presented.Unreadable);

    [Theory]
    [InlineData("client_id=id&client_secret=secret")]
    [InlineData("client_id=other&client_secret=secret")]
    [InlineData("client_secret=secret")]
    public void A04_Two_methods_in_one_request_are_ambiguous(string body) => Presented.In(Header, body).ShouldBe(Presented.Ambiguous);

    [Fact]
    public void A04_A_secret_in_the_body_beside_a_header_that_cannot_be_read_is_ambiguous_too() =>
        Presented.In("Bearer abc", "client_id=id&client_secret=secret").ShouldBe(Presented.Ambiguous);

    [Theory]
    [InlineData("client_id=id")]
    [InlineData("client_id=i%64")]
    [InlineData("client_id=")]
    [InlineData("client_id=id&client_secret=")]
    public void A09_The_same_client_id_in_the_body_beside_basic_is_allowed(string body) => Presented.In(Header, body).ShouldBe(Presented.Basic("id", "secret"));

    [Theory]
    [InlineData("client_id=ID")]
    [InlineData("client_id=id+")]
    [InlineData("client_id=i")]
    [InlineData("client_id=other")]
    [InlineData("client_id=%00")]
    public void A09_Another_client_id_in_the_body_beside_basic_is_ambiguous(string body) => Presented.In(Header, body).ShouldBe(Presented.Ambiguous);

    [Theory]
    [InlineData("", "client_assertion=a.b.c")]
    [InlineData("", "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer")]
    [InlineData("", "client_assertion=a.b.c&client_id=id")]
    [InlineData("", "client_assertion=a.b.c&client_id=id&client_secret=secret")]
    [InlineData("Basic aWQ6c2VjcmV0", "client_assertion=a.b.c")]
    [InlineData("Basic aWQ6c2VjcmV0", "client_assertion=a.b.c&client_secret=secret")]
    public void A04_An_assertion_beside_another_method_or_alone_is_an_invalid_client(string header, string body) =>
        Presented.In(header, body).ShouldBe(Presented.Unreadable);

    [Theory]
    [InlineData("", "")]
    [InlineData("&client_id=id", "id")]
    public void K01_K02_An_assertion_of_the_right_type_is_presented(string more, string clientId)
    {
        var form = FormBody.Parse("client_assertion=a.b.c&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer" + more);
        ClientCredentials.Read("", form, new byte[ClientCredentials.ScratchSize], out var credentials).ShouldBe(CredentialsResult.Presented);
        credentials.Method.ShouldBe(ClientAuthMethod.PrivateKeyJwt | ClientAuthMethod.ClientSecretJwt);
        Encoding.UTF8.GetString(credentials.Assertion).ShouldBe("a.b.c");
        Encoding.UTF8.GetString(credentials.ClientId).ShouldBe(clientId);
    }

    [Theory]
    [InlineData("Basic aWQ6c2VjcmV0", "")]
    [InlineData("Bearer abc", "")]
    [InlineData("", "&client_secret=secret")]
    [InlineData("", "&client_id=%00")]
    public void A04_An_assertion_beside_anything_else_is_an_invalid_client(string header, string more) => Presented.In(
        header, "client_assertion=a.b.c&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer" + more).ShouldBe(Presented.Unreadable);

    [Theory]
    [InlineData("urn:ietf:params:oauth:client-assertion-type:saml2-bearer")]
    [InlineData("URN:ietf:params:oauth:client-assertion-type:jwt-bearer")]
    [InlineData("jwt-bearer")]
    public void K01_Another_type_of_assertion_is_an_invalid_client(string type) =>
        Presented.In("", "client_assertion=a.b.c&client_assertion_type=" + Uri.EscapeDataString(type)).ShouldBe(Presented.Unreadable);

    [Theory]
    [InlineData("Bearer abc")]
    [InlineData("bearer  abc ")]
    public void I07_An_access_token_is_presented(string header)
    {
        ClientCredentials.Read(header, FormBody.Parse("token=x&client_id=id"), new byte[ClientCredentials.ScratchSize], out var credentials).ShouldBe(CredentialsResult.Presented);
        credentials.Method.ShouldBe(ClientAuthMethod.Bearer);
        credentials.AccessToken.ToString().ShouldBe("abc");
        Encoding.UTF8.GetString(credentials.ClientId).ShouldBe("id");
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer a b")]
    [InlineData("Bearer a,b")]
    [InlineData("Bearer ü")]
    public void C43_What_is_no_token_is_unreadable(string header) => Presented.In(header).ShouldBe(Presented.Unreadable);

    [Fact]
    public void C12_An_assertion_without_a_value_counts_as_omitted() =>
        Presented.In(Header, "client_assertion=&client_assertion_type").ShouldBe(Presented.Basic("id", "secret"));

    [Fact]
    public void Too_little_scratch_refuses_rather_than_throws()
    {
        Span<byte> scratch = stackalloc byte[4];
        ClientCredentials.Read(Header, new OAuthForm(), scratch, out var credentials).ShouldBe(CredentialsResult.Unreadable);
        credentials.ClientId.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void C43_No_header_and_no_body_make_the_reader_throw()
    {
        var basic = Properties.From(":", "%", "%41", "+", "id", "secret", "\0", "é").Select(pair => Presented.Header(pair));
        var anyBase64 = Properties.Bytes.Select(bytes => "Basic " + Convert.ToBase64String(bytes));
        var headers = Gen.OneOf(Properties.Chars, Properties.Chars.Select(text => "Basic " + text), basic, anyBase64);
        var bodies = Properties.From("client_id", "client_secret", "client_assertion", "=", "&", "id", "%00", "%", "é").Select(Encoding.UTF8.GetBytes);
        Properties.Hold(headers.Zip(bodies), input =>
        {
            var form = new OAuthForm();
            form.Read(new ReadOnlySequence<byte>(input.Item2));
            var presented = Presented.In(input.Item1, form);
            if (presented.Result is CredentialsResult.Presented) presented.ClientId.ShouldAllBe(c => c >= ' ' && c <= '~');
            else presented.ShouldBe(new Presented(presented.Result, ClientAuthMethod.None, "", ""));
            (presented.ClientId.Length > 0).ShouldBe(presented.Result is CredentialsResult.Presented);
        }, runs: 5000);
    }
}
