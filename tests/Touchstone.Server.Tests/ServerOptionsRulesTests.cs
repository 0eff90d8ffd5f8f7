using Microsoft.Extensions.Configuration;

namespace Touchstone.Server.Tests;

public sealed class ServerOptionsRulesTests
{
    [Fact]
    public void The_defaults_are_good() => Errors(_ => { }).ShouldBeEmpty();

    [Theory]
    [InlineData("https://as.acme.test")]
    [InlineData("https://as.acme.test:8443/tenants/north")]
    [InlineData("http://127.0.0.1:5080")]
    [InlineData("http://localhost")]
    [InlineData("http://[::1]:5080/x")]
    [InlineData("http://127.9.9.9")]
    public void E02_A_good_issuer(string issuer) => Errors(options => options.Issuer = issuer).ShouldBeEmpty();

    [Theory]
    [InlineData("as.acme.test", "Issuer: must be an absolute https URL; give --issuer https://as.example.com.")]
    [InlineData("ftp://as.acme.test", "Issuer: must be an absolute https URL; give --issuer https://as.example.com.")]
    [InlineData("", "Issuer: must be an absolute https URL; give --issuer https://as.example.com.")]
    [InlineData("https://as.acme.test?x", "Issuer: must have no query and no fragment (RFC 8414 section 2).")]
    [InlineData("https://as.acme.test/?", "Issuer: must have no query and no fragment (RFC 8414 section 2).")]
    [InlineData("https://as.acme.test#", "Issuer: must have no query and no fragment (RFC 8414 section 2).")]
    [InlineData("http://as.acme.test", "Issuer: http://as.acme.test is plain http and not loopback; give --issuer with the https URL that clients use.")]
    [InlineData("http://127.0.0.1:0", "Issuer: port 0 is no address that clients can use; give --issuer, or --urls with a port.")]
    [InlineData("https://as.acme.test/", "Issuer: must not end with '/'.")]
    public void E02_A_bad_issuer(string issuer, string error) => Errors(options => options.Issuer = issuer).ShouldBe([error]);

    [Fact]
    public void An_empty_path_is_told_of_and_nothing_else_is() => Errors(options => (options.Signing.KeyFile, options.ClientCertificates.TrustedRoots) = ("", "")).ShouldBe(
        ["ClientCertificates:TrustedRoots: name a file, or take the setting away.", "Signing:KeyFile: name a file, or take the setting away."]);

    [Theory]
    [InlineData("http://127.0.0.1:5080")]
    [InlineData("http://localhost:5080;https://0.0.0.0:5443")]
    [InlineData("https://*:5443")]
    [InlineData("https://as.acme.test")]
    [InlineData(" http://[::1]:5080 ; ")]
    public void C19_Good_addresses(string urls) => Errors(options => (options.Urls, options.Issuer) = (urls, "https://as.acme.test")).ShouldBeEmpty();

    [Theory]
    [InlineData("http://0.0.0.0:5080")]
    [InlineData("http://*:5080")]
    [InlineData("http://+:5080")]
    [InlineData("http://as.acme.test")]
    [InlineData("http://[::]:5080")]
    public void C19_R15_Plain_http_beyond_loopback_needs_to_be_asked_for(string url)
    {
        Errors(options => (options.Urls, options.Issuer) = (url, "https://as.acme.test")).ShouldHaveSingleItem().ShouldStartWith($"Urls: {url} would carry tokens in clear beyond this machine.");
        Errors(options => (options.Urls, options.Issuer, options.AllowInsecureHttp) = (url, "https://as.acme.test", true)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("127.0.0.1:5080")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("nonsense")]
    public void Addresses_that_are_none(string url) =>
        Errors(options => (options.Urls, options.Issuer) = (url, "https://as.acme.test")).ShouldBe([$"Urls: '{url}' is not an http or https address such as http://127.0.0.1:5080."]);

    [Theory]
    [InlineData("")]
    [InlineData(" ; ")]
    public void No_address_at_all(string urls) => Errors(options => (options.Urls, options.Issuer) = (urls, "https://as.acme.test")).ShouldHaveSingleItem().ShouldStartWith("Urls: ");

    [Fact]
    public void An_address_with_a_path_is_refused() =>
        Errors(options => (options.Urls, options.Issuer) = ("http://127.0.0.1:5080/base", "https://as.acme.test")).ShouldHaveSingleItem().ShouldStartWith("Urls: ");

    [Fact]
    public void C19_Kestrels_own_endpoints_are_judged_in_place_of_the_urls()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Kestrel:Endpoints:A:Url", "http://0.0.0.0:1"), new("Kestrel:Endpoints:B:Url", "https://0.0.0.0:2")]).Build();
        var errors = ServerOptionsRules.Errors(new ServerOptions { Urls = "http://0.0.0.0:9", Issuer = "https://as.acme.test" }, configuration);
        errors.ShouldHaveSingleItem().ShouldStartWith("Urls: http://0.0.0.0:1 would carry");
    }

    public static TheoryData<string, string> Numbers => new()
    {
        { "RecordCacheBytes", "-1" }, { "RecordCacheBytes", "68719476737" }, { "MaxTokenLifetime", "00:00:59" }, { "MaxTokenLifetime", "3650.00:00:01" }, { "AccessTokenLifetime", "00:00:00.9" },
        { "AccessTokenLifetime", "90.00:00:01" }, { "MaxFormBytes", "1023" }, { "MaxFormBytes", "1048577" }, { "AccessTokenPrefix", "" }, { "AccessTokenPrefix", "12345678901234567" },
        { "AccessTokenPrefix", "a.b" }, { "RefreshTokenPrefix", "ü" }, { "Data", "" }, { "Data", " " },
        { "Cleanup:Interval", "00:00:00.9" }, { "Cleanup:Interval", "1.00:00:01" }, { "Cleanup:KeepExpired", "00:00:59" }, { "Cleanup:KeepExpired", "3650.00:00:01" },
    };

    [Theory, MemberData(nameof(Numbers))]
    public void Each_bound_is_held_and_named(string setting, string value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("T:" + setting, value)]).Build();
        Errors(options => configuration.GetSection("T").Bind(options)).ShouldContain(error => error.StartsWith(setting + ":", StringComparison.Ordinal));
    }

    public static TheoryData<string, string> Edges => new()
    {
        { "RecordCacheBytes", "0" }, { "RecordCacheBytes", "68719476736" }, { "MaxTokenLifetime", "3650.00:00:00" }, { "AccessTokenLifetime", "00:00:01" }, { "AccessTokenLifetime", "90.00:00:00" },
        { "MaxFormBytes", "1024" }, { "MaxFormBytes", "1048576" }, { "AccessTokenPrefix", "a" }, { "RefreshTokenPrefix", "1234567890123456" },
        { "Cleanup:Interval", "00:00:01" }, { "Cleanup:Interval", "1.00:00:00" }, { "Cleanup:KeepExpired", "00:01:00" }, { "Cleanup:KeepExpired", "3650.00:00:00" },
    };

    [Theory, MemberData(nameof(Edges))]
    public void Each_bound_is_allowed_itself(string setting, string value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("T:" + setting, value)]).Build();
        Errors(options => configuration.GetSection("T").Bind(options)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("same_", "same_")]
    [InlineData("tok_", "tok_r_")]
    [InlineData("tok_a_", "tok_")]
    public void L09_Prefixes_that_could_be_taken_for_each_other_are_refused(string access, string refresh) =>
        Errors(options => (options.AccessTokenPrefix, options.RefreshTokenPrefix) = (access, refresh)).ShouldBe(["AccessTokenPrefix and RefreshTokenPrefix: neither may begin with the other."]);

    [Fact]
    public void Settings_without_a_value_are_errors_and_no_crash()
    {
        var errors = Errors(options => (options.Data, options.Urls, options.AccessTokenPrefix, options.RefreshTokenPrefix) = (null!, null!, null!, null!));
        foreach (var setting in (string[])["Data:", "Urls:", "AccessTokenPrefix:", "RefreshTokenPrefix:"]) errors.ShouldContain(error => error.StartsWith(setting, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_error_is_reported_at_once()
    {
        var errors = Errors(options =>
        {
            options.Data = "";
            options.Issuer = "x";
            options.Urls = "y;http://0.0.0.0:1";
            options.RecordCacheBytes = -1;
            options.MaxTokenLifetime = TimeSpan.Zero;
            options.AccessTokenLifetime = TimeSpan.FromDays(1);
            options.MaxFormBytes = 1;
            options.AccessTokenPrefix = options.RefreshTokenPrefix = "!";
        });
        errors.Select(error => error[..error.IndexOf(':', StringComparison.Ordinal)]).ShouldBe(
            ["Data", "Issuer", "Urls", "Urls", "AccessTokenLifetime", "AccessTokenPrefix", "RefreshTokenPrefix", "AccessTokenPrefix and RefreshTokenPrefix", "RecordCacheBytes", "MaxTokenLifetime", "MaxFormBytes"]);
    }

    [Theory]
    [InlineData(-1, "Limits:ClientRate"), InlineData(1_000_001, "Limits:ClientRate")]
    public void A_limit_out_of_range_is_named(int rate, string name) => Errors(options => options.Limits.ClientRate = rate).Single().ShouldStartWith(name + ": must be ");

    [Fact]
    public void Every_wrong_limit_and_detection_is_told_at_once() => Errors(options =>
    {
        options.StrictTransportSecurity = TimeSpan.FromSeconds(-1);
        options.Limits = new() { ClientBurst = 0, AddressFailures = -1, AddressFailureBurst = 0, MaxFailureDelay = TimeSpan.FromHours(2), BodyTimeout = TimeSpan.Zero, HeadersTimeout = TimeSpan.Zero, KeepAliveTimeout = TimeSpan.Zero, MaxHeaderBytes = 1, MaxConnections = -1, TrustedProxies = ["0.0.0.0/0"] };
        options.Detection = new() { TokenScanning = (Server.Detection.DetectionMode)9, ScanningTokens = 1, ScanningPercent = 0, SpreadAddresses = 3, BlockFor = TimeSpan.Zero };
    }).Select(error => error.Split(':')[^2] is var name && error.Contains("Proxies", StringComparison.Ordinal) ? "TrustedProxies" : name).ShouldBe(
        ["TrustedProxies", "StrictTransportSecurity", "ClientBurst", "AddressFailures", "AddressFailureBurst", "MaxFailureDelay", "BodyTimeout", "HeadersTimeout", "KeepAliveTimeout", "MaxHeaderBytes", "MaxConnections", "TokenScanning", "ScanningTokens", "ScanningPercent", "SpreadAddresses", "BlockFor"]);

    private static IReadOnlyList<string> Errors(Action<ServerOptions> change)
    {
        var options = new ServerOptions();
        change(options);
        return ServerOptionsRules.Errors(options, new ConfigurationBuilder().Build());
    }
}
