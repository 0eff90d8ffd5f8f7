using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Touchstone.Server.Tests.ClientAuth;

/// <summary>Real TLS handshakes with real certificates.</summary>
public sealed class MutualTlsTests(TlsServer tls) : IClassFixture<TlsServer>
{
    private static int _count;

    private static string NewId => $"tls-{Interlocked.Increment(ref _count)}";

    [Theory]
    [InlineData("tls_client_auth_subject_dn", "CN=billing,OU=apis,O=Acme")]
    [InlineData("tls_client_auth_san_dns", "billing.acme.test")]
    [InlineData("tls_client_auth_san_dns", "BILLING.acme.test")]
    [InlineData("tls_client_auth_san_uri", "spiffe://acme.test/billing")]
    [InlineData("tls_client_auth_san_ip", "10.1.2.3")]
    [InlineData("tls_client_auth_san_ip", "2001:db8:0:0::7")]
    [InlineData("tls_client_auth_san_email", "billing@ACME.test")]
    public async Task M01_M02_Each_registered_name_is_matched(string member, string value)
    {
        var id = NewId;
        await tls.AddAsync(id, member, value);
        await tls.ShouldAcceptAsync(id, Full());
        await tls.ShouldRefuseAsync(id, tls.Ca.Issue("CN=other,OU=apis,O=Acme", san => san.AddDnsName("other.acme.test")), "certificate_of_another"); // M-21
    }

    [Theory]
    [InlineData("tls_client_auth_subject_dn", "CN=BILLING,OU=apis,O=Acme")]
    [InlineData("tls_client_auth_subject_dn", "O=Acme,OU=apis,CN=billing")]
    [InlineData("tls_client_auth_subject_dn", "CN=billing,OU=apis")]
    [InlineData("tls_client_auth_san_dns", "acme.test")]
    [InlineData("tls_client_auth_san_uri", "spiffe://acme.test/Billing")]
    [InlineData("tls_client_auth_san_ip", "10.1.2.30")]
    [InlineData("tls_client_auth_san_email", "Billing@acme.test")]
    public async Task M02_M21_A_name_that_only_looks_alike_is_another(string member, string value)
    {
        var id = NewId;
        await tls.AddAsync(id, member, value);
        await tls.ShouldRefuseAsync(id, Full(), "certificate_of_another");
    }

    [Fact]
    public async Task M02_A_subject_is_compared_by_value_and_not_by_its_text_or_its_encoding()
    {
        var id = NewId;
        await tls.AddAsync(id, "tls_client_auth_subject_dn", "CN = \"billing\" , O = Acme");
        var utf8 = new X500DistinguishedNameBuilder();
        utf8.AddCommonName("billing");
        utf8.AddOrganizationName("Acme");
        utf8.Build().RawData.ShouldNotBe(new X500DistinguishedName("CN=billing,O=Acme").RawData);
        await tls.ShouldAcceptAsync(id, tls.Ca.Issue(utf8.Build()));
        await tls.ShouldAcceptAsync(id, tls.Ca.Issue("CN=billing,O=Acme"));
        await tls.ShouldRefuseAsync(id, tls.Ca.Issue("CN=\"billing,O=Acme\""), "certificate_of_another");
    }

    [Fact]
    public async Task M20_Without_a_certificate_it_is_invalid_client()
    {
        var id = NewId;
        await tls.AddAsync(id, "tls_client_auth_san_dns", "billing.acme.test");
        await tls.ShouldRefuseAsync(id, null, "certificate_missing");
        (await tls.Server.OAuth.PostAsync(OAuthCalls.Introspect, null, ("token", "x"), ("client_id", id))).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task M01_A_client_id_is_always_sent() => (await tls.CallAsync("", Full())).ShouldBeError(401, "invalid_client");

    [Fact]
    public async Task M22_The_right_name_from_another_CA_is_refused()
    {
        var id = NewId;
        await tls.AddAsync(id, "tls_client_auth_subject_dn", "CN=billing,OU=apis,O=Acme");
        await tls.ShouldRefuseAsync(id, Full(TestCa.Create("Acme CA")), "certificate_untrusted");
        await tls.ShouldRefuseAsync(id, TestCa.SelfSigned("CN=billing,OU=apis,O=Acme"), "certificate_untrusted");
    }

    [Fact]
    public async Task M02_A_certificate_for_servers_and_an_expired_one_are_refused()
    {
        var id = NewId;
        await tls.AddAsync(id, "tls_client_auth_subject_dn", "CN=billing");
        await tls.ShouldRefuseAsync(id, tls.Ca.Issue("CN=billing", usage: TestCa.ForServers), "certificate_untrusted");
        await tls.ShouldRefuseAsync(id, tls.Ca.Issue("CN=billing", until: new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)), "certificate_expired");
        await tls.ShouldRefuseAsync(id, tls.Ca.Intermediate("Unknown between").Issue("CN=billing"), "certificate_untrusted");
    }

    [Fact]
    public async Task M23_A_renewed_certificate_of_the_same_subject_works()
    {
        var id = NewId;
        await tls.AddAsync(id, "tls_client_auth_subject_dn", "CN=renewed");
        await tls.ShouldAcceptAsync(id, tls.Ca.Issue("CN=renewed"));
        await tls.ShouldAcceptAsync(id, tls.Ca.Issue("CN=renewed"));
    }

    [Fact]
    public async Task M03_A_self_signed_certificate_is_compared_with_those_registered()
    {
        var (id, mine, next, other) = (NewId, TestCa.SelfSigned("CN=me"), TestCa.SelfSigned("CN=me"), TestCa.SelfSigned("CN=me"));
        await tls.Server.AddAsync(id, "self_signed_tls_client_auth", body => body["jwks"] = TlsServer.CertificateSet(mine, next));
        await tls.ShouldAcceptAsync(id, mine);
        await tls.ShouldAcceptAsync(id, next);
        await tls.ShouldRefuseAsync(id, other, "certificate_of_another");
        await tls.ShouldRefuseAsync(id, Full(), "certificate_of_another");
        await tls.Server.Admin.ChangeAsync(id, "keys", new JsonObject { ["jwks"] = TlsServer.CertificateSet(next) }.ToJsonString());
        await tls.ShouldRefuseAsync(id, mine, "certificate_of_another");
        await tls.ShouldAcceptAsync(id, next);
    }

    [Fact]
    public async Task M03_An_expired_self_signed_certificate_is_refused()
    {
        var (id, old) = (NewId, TestCa.SelfSigned("CN=me", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        await tls.Server.AddAsync(id, "self_signed_tls_client_auth", body => body["jwks"] = TlsServer.CertificateSet(old));
        await tls.ShouldRefuseAsync(id, old, "certificate_expired");
    }

    [Fact]
    public async Task M24_M10_A_header_that_the_client_sends_itself_is_ignored()
    {
        var id = NewId;
        await tls.AddAsync(id, "tls_client_auth_subject_dn", "CN=billing,OU=apis,O=Acme");
        (await tls.CallAsync(id, null, TlsServer.Header(Full()))).ShouldBeError(401, "invalid_client");
        (await tls.Server.LastFailureAsync(id)).ShouldBe("certificate_missing");
        (await tls.CallAsync(id, tls.Ca.Issue("CN=other"), TlsServer.Header(Full()))).ShouldBeError(401, "invalid_client");
        (await tls.Server.LastFailureAsync(id)).ShouldBe("certificate_of_another");
    }

    [Fact]
    public async Task A10_A_certificate_is_no_help_to_a_client_of_another_method()
    {
        var secret = await tls.Server.AddAsync(NewId, "client_secret_basic");
        (await tls.CallAsync(secret.Id, Full())).ShouldBeError(401, "invalid_client");
        var id = NewId;
        await tls.AddAsync(id, "tls_client_auth_san_dns", "billing.acme.test");
        (await tls.CallAsync(id, Full(), null, ("client_secret", "guess"))).ShouldBeError(401, "invalid_client");
        var self = NewId;
        await tls.Server.AddAsync(self, "self_signed_tls_client_auth", body => body["jwks"] = TlsServer.CertificateSet(TestCa.SelfSigned("CN=me")));
        await tls.ShouldRefuseAsync(self, Full(), "certificate_of_another");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"tls_client_auth_san_dns":"a.test","tls_client_auth_san_ip":"10.0.0.1"}""")]
    [InlineData("""{"tls_client_auth_subject_dn":"billing"}""")]
    [InlineData("""{"tls_client_auth_san_ip":"10.0.0"}""")]
    [InlineData("""{"tls_client_auth_san_email":"billing"}""")]
    [InlineData("""{"tls_client_auth_san_dns":"*.acme.test"}""")]
    [InlineData("""{"auth_methods":["client_secret_basic"],"tls_client_auth_san_dns":"a.test"}""")]
    public async Task M02_Exactly_one_readable_name_is_registered(string members)
    {
        var body = new JsonObject { ["client_id"] = NewId, ["kind"] = "client", ["auth_methods"] = new JsonArray("tls_client_auth") };
        foreach (var (name, value) in JsonNode.Parse(members)!.AsObject()) body[name] = value!.DeepClone();
        (await tls.Server.Admin.PostAsync(AdminCalls.Clients, body.ToJsonString())).ShouldBeProblem(400).Faults().ShouldNotBeEmpty();
    }

    private X509Certificate2 Full(TestCa? ca = null) => (ca ?? tls.Ca).Issue("CN=billing,OU=apis,O=Acme", san =>
    {
        san.AddDnsName("billing.acme.test");
        san.AddUri(new Uri("spiffe://acme.test/billing"));
        san.AddIpAddress(IPAddress.Parse("10.1.2.3"));
        san.AddIpAddress(IPAddress.Parse("2001:db8::7"));
        san.AddEmailAddress("billing@acme.test");
    });
}
