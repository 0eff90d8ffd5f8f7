using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Touchstone.Server.Doctor;
using Touchstone.Server.Settings;
using Touchstone.Server.Startup;
using Touchstone.Server.Tests.ClientAuth;
using Touchstone.Server.Tests.Storage.Sqlite;

namespace Touchstone.Server.Tests.Doctor;

/// <summary>Each check finds what it is there for, beside a running server, and nothing where all is well.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ServerDoctorTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(TestStore.IsPostgres, "it looks into a data folder with its own database");
        var path = _folder.File("data");
        _server = await TestServer.StartAsync(data: path);
        await _server.Admin.AddClientAsync(new { client_id = "orders", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void A_new_folder_is_well_beside_its_server_and_is_left_as_it_is()
    {
        var before = Listing();
        var checks = Examine();
        checks.Where(check => check.Status is DoctorStatus.Fail).ShouldBeEmpty();
        foreach (var name in (string[])["settings", "modes", "schema", "files", "secrets", "rotations", "demo", "audit"]) Of(checks, name).Status.ShouldBe(DoctorStatus.Ok, name);
        Of(checks, "tls").Status.ShouldBe(DoctorStatus.Warn);
        Of(checks, "keys").Status.ShouldBe(DoctorStatus.Skipped);
        Listing().ShouldBe(before);

        string[] Listing() => [.. Directory.GetFiles(_server.Data).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void Every_check_has_its_section_and_every_section_a_check_that_ends_in_it()
    {
        var sections = File.ReadAllLines(SourceTree.PathOf("docs", "doctor.md")).Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Select(line => line[3..]);
        Examine().Select(check => check.Name).Distinct().Concat(["certificate", "ready"]).ShouldBe(sections, ignoreOrder: true);
    }

    [Fact]
    public void A_folder_without_a_database_or_with_a_broken_one_is_told()
    {
        Should.Throw<StartupException>(() => Examine(_folder.File("none"))).Message.ShouldStartWith("There is no touchstone database");
        Directory.CreateDirectory(_folder.File("broken"));
        File.WriteAllText(_folder.File("broken/touchstone.db"), new string('x', 5000));
        Should.Throw<StartupException>(() => Examine(_folder.File("broken"))).Message.ShouldContain("can't be read");
    }

    [Fact]
    public void Settings_that_are_wrong_fail() => Of(Examine(flags: [new("--urls", "ftp://x")]), "settings").Status.ShouldBe(DoctorStatus.Fail);

    [Fact]
    public void A_secret_that_others_can_read_fails_and_an_open_folder_warns()
    {
        File.SetUnixFileMode(Path.Combine(_server.Data, "audit.key"), UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Of(Examine(), "modes").ShouldSatisfyAllConditions(check => check.Status.ShouldBe(DoctorStatus.Fail), check => check.Finding.ShouldContain("audit.key"));
        File.SetUnixFileMode(Path.Combine(_server.Data, "audit.key"), UnixFileMode.UserRead);
        File.SetUnixFileMode(_server.Data, File.GetUnixFileMode(_server.Data) | UnixFileMode.OtherExecute);
        Of(Examine(), "modes").Status.ShouldBe(DoctorStatus.Warn);
    }

    [Fact]
    public async Task Secrets_older_than_a_year_and_rotations_without_an_end_warn()
    {
        Of(Examine(after: TimeSpan.FromDays(364)), "secrets").Status.ShouldBe(DoctorStatus.Ok);
        Of(Examine(after: TimeSpan.FromDays(366)), "secrets").Finding.ShouldBe("2 clients have a secret older than a year: admin, orders.");
        await _server.Admin.PostAsync("/admin/clients/orders/rotate-secret", new { overlap_seconds = 3600 });
        Of(Examine(), "rotations").Finding.ShouldStartWith("1 rotation is under way");
        var client = new ClientFacts("open", true, [(ManualTime.Start, null), (ManualTime.Start, null)]);
        Of(ClientChecks.Of([client], false, null, _server.Time.GetUtcNow()), "rotations").Status.ShouldBe(DoctorStatus.Warn);
        Of(ClientChecks.Of([client with { IsEnabled = false }], false, null, _server.Time.GetUtcNow()), "rotations").Status.ShouldBe(DoctorStatus.Ok);
    }

    [Theory]
    [InlineData("http://127.0.0.1:5080", DoctorStatus.Warn)]
    [InlineData("https://as.acme.test", DoctorStatus.Fail)]
    [InlineData(null, DoctorStatus.Fail)]
    public void Demo_clients_fail_where_others_could_reach_them(string? issuer, DoctorStatus expected)
    {
        Of(ClientChecks.Of([new ClientFacts("demo-app", true, [])], false, issuer, _server.Time.GetUtcNow()), "demo").Status.ShouldBe(expected);
        Of(ClientChecks.Of([], true, issuer, _server.Time.GetUtcNow()), "demo").Status.ShouldBe(expected);
        Of(ClientChecks.Of([new ClientFacts("demo-app", false, [])], false, issuer, _server.Time.GetUtcNow()), "demo").Status.ShouldBe(DoctorStatus.Ok);
    }

    [Fact]
    public async Task A_clock_that_went_back_fails()
    {
        await _server.Admin.RevokeAsync(await _server.Admin.IssueAsync(new { client_id = "admin" }));
        Of(Examine(after: TimeSpan.FromHours(-1)), "clock").ShouldSatisfyAllConditions(check => check.Status.ShouldBe(DoctorStatus.Fail), check => check.Finding.ShouldContain("3600 s ahead"));
        Of(Examine(), "clock").Status.ShouldNotBe(DoctorStatus.Fail);
    }

    [Fact]
    public async Task A_schema_of_another_version_is_told()
    {
        await _server.App.DisposeAsync();
        var database = new Database(_server.Data);
        database.Execute("PRAGMA user_version = 1");
        Of(Examine(), "schema").Status.ShouldBe(DoctorStatus.Warn);
        database.Execute("PRAGMA user_version = 999");
        Of(Examine(), "schema").Status.ShouldBe(DoctorStatus.Fail);
    }

    [Fact]
    public async Task A_key_that_does_not_open_what_is_to_sign_fails_as_the_next_start_would()
    {
        Of(Examine(), "signing").Status.ShouldBe(DoctorStatus.Ok);
        var (kid, other) = (Signing.SigningKeysTests.Kid(_server, "ES256"), _folder.File("other.key"));
        await File.WriteAllTextAsync(other, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        File.SetUnixFileMode(other, UnixFileMode.UserRead);
        var config = _folder.File("signing.json");
        await File.WriteAllTextAsync(config, JsonSerializer.Serialize(new { Touchstone = new { Signing = new { KeyFile = other } } }));
        Of(Examine(config: config), "signing").ShouldSatisfyAllConditions(check => check.Status.ShouldBe(DoctorStatus.Fail), check => check.Finding.ShouldBe($"{other} does not open the signing key {kid}: the next start is refused."));
        var own = Path.Combine(_server.Data, "secrets.key");
        File.Move(own, own + ".away");
        Of(Examine(), "signing").ShouldSatisfyAllConditions(check => check.Status.ShouldBe(DoctorStatus.Fail), check => check.Finding.ShouldContain("there is no " + own));
        await File.WriteAllTextAsync(own, "{}");
        Of(Examine(), "signing").Status.ShouldBe(DoctorStatus.Fail);
    }

    [Fact]
    public void An_audit_that_was_changed_fails()
    {
        new Database(_server.Data).Execute("UPDATE audit SET record = cast(replace(cast(record AS TEXT), 'client_changed', 'client_changes') AS BLOB)");
        Of(Examine(), "audit").Status.ShouldBe(DoctorStatus.Fail);
    }

    [Fact]
    public void A_missing_audit_key_warns()
    {
        File.Delete(Path.Combine(_server.Data, "audit.key"));
        Of(Examine(), "keys").Status.ShouldBe(DoctorStatus.Warn);
    }

    [Fact]
    public void Certificates_are_judged_by_time_key_and_chain()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(ManualTime.Start);
        var ca = TestCa.Create("Acme CA");
        Judge(ca.ServerCertificate("good")).ShouldBe((DoctorStatus.Warn, true), "its root is not one of this system");
        Judge(ca.Issue("CN=ends", until: now.AddDays(13))).Status.ShouldBe(DoctorStatus.Warn);
        Judge(ca.Issue("CN=ended", until: now.AddDays(-1))).Status.ShouldBe(DoctorStatus.Fail);
        Judge(TestCa.SelfSigned("CN=self")).Status.ShouldBe(DoctorStatus.Warn);
        using var weak = RSA.Create(1024);
        Judge(new CertificateRequest("CN=weak", weak, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(now.AddDays(-1), now.AddDays(100))).Status.ShouldBe(DoctorStatus.Fail);

        (DoctorStatus Status, bool Chain) Judge(X509Certificate2 certificate)
        {
            var check = CertificateChecks.Of("a test", certificate, [], now);
            return (check.Status, check.Finding.Contains("chain", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Certificates_of_the_settings_are_looked_at_with_the_modes_of_their_keys()
    {
        var certificate = TestCa.Create("Acme CA").ServerCertificate("a");
        File.WriteAllText(_folder.File("tls.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(_folder.File("tls.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(_folder.File("tls.key"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var config = _folder.File("touchstone.json");
        File.WriteAllText(config, JsonSerializer.Serialize(new { Kestrel = new { Certificates = new { Default = new { Path = _folder.File("tls.pem"), KeyPath = _folder.File("tls.key") } } } }));

        var checks = Examine(config: config, flags: [new("--urls", "https://127.0.0.1:5443")]);
        Of(checks, "tls").Status.ShouldBe(DoctorStatus.Ok);
        checks.Where(check => check.Name == "certificate").Select(check => check.Status).ShouldBe([DoctorStatus.Warn, DoctorStatus.Fail]);
        File.Delete(_folder.File("tls.key"));
        Of(Examine(config: config), "certificate").Status.ShouldBe(DoctorStatus.Fail);
    }

    private IReadOnlyList<DoctorCheck> Examine(string? data = null, TimeSpan after = default, string? config = null, IReadOnlyList<KeyValuePair<string, string>>? flags = null) =>
        ServerDoctor.Examine(ServerConfiguration.Read(config, [new("--data", data ?? _server.Data), .. flags ?? []]), new Shifted(_server.Time.GetUtcNow() + after));

    private static DoctorCheck Of(IReadOnlyList<DoctorCheck> checks, string name) => checks.Single(check => check.Name == name);

    /// <summary>A clock that stands where it is put.</summary>
    private sealed class Shifted(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
