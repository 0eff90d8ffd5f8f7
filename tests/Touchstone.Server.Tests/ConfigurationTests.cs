using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Settings;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Tests;

/// <summary>File, then environment, then what the caller says. The environment belongs to the whole process, so these tests run alone.</summary>
[Collection(nameof(Alone))]
public sealed class ConfigurationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        foreach (var name in (string[])["Touchstone__MaxFormBytes", "Touchstone__AccessTokenPrefix", "TOUCHSTONE__MAXFORMBYTES", "Touchstone__NoSuchThing", "Touchstone__ClientCertificates__TrustedProxies"]) Environment.SetEnvironmentVariable(name, null);
        _folder.Dispose();
    }

    [Fact]
    public async Task A_file_is_read_the_environment_wins_over_it_and_the_caller_over_both()
    {
        var file = Write("""{"Touchstone":{"MaxFormBytes":2000,"AccessTokenPrefix":"file_","RefreshTokenPrefix":"ref_","AccessTokenLifetime":"00:05:00"}}""");
        Environment.SetEnvironmentVariable("Touchstone__AccessTokenPrefix", "env_");
        Environment.SetEnvironmentVariable("Touchstone__MaxFormBytes", "3000");
        await using var server = await TestServer.StartAsync(options => options.MaxFormBytes = 4000, configFile: file);
        var options = server.Services.GetRequiredService<ServerOptions>();
        options.MaxFormBytes.ShouldBe(4000);
        options.AccessTokenPrefix.ShouldBe("env_");
        options.RefreshTokenPrefix.ShouldBe("ref_");
        options.AccessTokenLifetime.ShouldBe(TimeSpan.FromMinutes(5));
        options.MaxTokenLifetime.ShouldBe(TimeSpan.FromDays(90));
        (await server.Admin.TokenAsync()).ShouldStartWith("env_");
    }

    [Theory]
    [InlineData("""{"Touchstone":{"MaxFromBytes":2000}}""", "MaxFromBytes: there is no such setting (in FILE). Did you mean MaxFormBytes?")]
    [InlineData("""{"Touchstone":{"Audit":{"Sylog":{"Host":"a"}}}}""", "Audit:Sylog:Host: there is no such setting (in FILE). Did you mean Audit:Syslog:Host?")]
    [InlineData("""{"Touchstone":{"Whatever":2000}}""", "Whatever: there is no such setting (in FILE). docs/settings.md lists them all.")]
    [InlineData("""{"Touchstone":{"Audit":"all"}}""", "Audit: there is no such setting (in FILE).")]
    [InlineData("""{"Touchstne":{"MaxFormBytes":2000}}""", "Touchstne: there is no such section (in FILE). Did you mean Touchstone?")]
    [InlineData("""{"MaxFormBytes":2000}""", "MaxFormBytes: there is no such section (in FILE). Did you mean Touchstone:MaxFormBytes?")]
    [InlineData("""{"Touchstone":{"MaxFormBytes":"many"}}""", "MaxFormBytes: 'many' is no number of bytes such as 65536 or 64KiB. It stands in FILE.")]
    [InlineData("""{"Touchstone":{"AccessTokenLifetime":"60"}}""", "AccessTokenLifetime: '60' is no duration such as 90s, 15m, 1h, 7d or 1.00:00:00. It stands in FILE.")]
    [InlineData("""{"Touchstone":{"Demo":"yes"}}""", "Demo: 'yes' is neither true nor false. It stands in FILE.")]
    [InlineData("""{"Touchstone":{"Audit":{"Introspection":"1"}}}""", "Audit:Introspection: '1' is none of all, refused, sampled and off. It stands in FILE.")]
    [InlineData("""{"Touchstone":{"Issuer":"x","MaxFormBytes":1}}""", "MaxFormBytes: must be 1024 (1 KiB) to 1048576 (1 MiB).")]
    [InlineData("""{"Logging":{"LogLevel":{"Default":"Infomation"}}}""", "Logging:LogLevel:Default: 'Infomation' is none of Trace, Debug, Information, Warning, Error, Critical, None.")]
    public async Task An_unknown_setting_or_one_that_cannot_be_read_is_an_error_that_names_it(string json, string expected)
    {
        var file = Write(json);
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(configFile: file));
        error.IsUsage.ShouldBeTrue();
        error.Message.ShouldContain(expected.Replace("FILE", file, StringComparison.Ordinal));
        error.Message.ShouldNotContain("System.");
    }

    [Fact]
    public async Task Unknown_names_unreadable_values_and_broken_rules_are_all_told_at_once()
    {
        Environment.SetEnvironmentVariable("Touchstone__NoSuchThing", "1");
        var file = Write("""{"Touchstone":{"MaxFromBytes":2000,"MaxFormBytes":"many","Demo":"yes","RecordCacheBytes":-1},"Loging":{}, "Logging":{"LogLevel":{"Default":"Loud"}}}""");
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(configFile: file));
        error.Message.Split('\n').Length.ShouldBe(7, error.Message);
        error.Message.ShouldContain("NoSuchThing: there is no such setting (in environment Touchstone__NoSuchThing)");
    }

    [Fact]
    public void Lists_durations_and_sizes_are_read_as_people_write_them()
    {
        var options = ServerConfiguration.Read(Write("""{"Touchstone":{"MaxFormBytes":"64KiB","AccessTokenLifetime":"15m","Audit":{"Introspection":"Refused"},"ClientCertificates":{"TrustedProxies":["10.0.0.7","10.1.0.0/16"]}}}""")).Options;
        (options.MaxFormBytes, options.AccessTokenLifetime, options.Audit.Introspection).ShouldBe((65536, TimeSpan.FromMinutes(15), Server.Audit.IntrospectionAudit.Refused));
        options.ClientCertificates.TrustedProxies.ShouldBe(["10.0.0.7", "10.1.0.0/16"]);
        Environment.SetEnvironmentVariable("Touchstone__ClientCertificates__TrustedProxies", "10.0.0.8, 10.0.0.9");
        ServerConfiguration.Read(null).Options.ClientCertificates.TrustedProxies.ShouldBe(["10.0.0.8", "10.0.0.9"]);
    }

    [Fact]
    public void Each_value_tells_its_source_and_no_secret_is_shown()
    {
        var file = Write("""{"Touchstone":{"MaxFormBytes":2000,"AccessTokenPrefix":"file_"},"Kestrel":{"Certificates":{"Default":{"Path":"a.pfx","Password":"hidden"}}}}""");
        Environment.SetEnvironmentVariable("Touchstone__AccessTokenPrefix", "env_");
        var configuration = ServerConfiguration.Read(file, [new("--urls", "http://127.0.0.1:6000"), new("--demo", "true")]);
        var values = configuration.Values.ToDictionary(value => value.Name, value => (value.Value, value.Source));
        values["Touchstone:MaxFormBytes"].ShouldBe(("2000", file));
        values["Touchstone:AccessTokenPrefix"].ShouldBe(("env_", "environment Touchstone__AccessTokenPrefix"));
        values["Touchstone:Urls"].ShouldBe(("http://127.0.0.1:6000", "option --urls"));
        values["Touchstone:Issuer"].ShouldBe(("http://127.0.0.1:6000", "default"));
        values["Touchstone:Demo"].ShouldBe(("true", "option --demo"));
        values["Touchstone:Audit:Retention"].ShouldBe(("365.00:00:00", "default"));
        values["Touchstone:Audit:Syslog:Host"].ShouldBe((null, "default"));
        values["Kestrel:Certificates:Default:Path"].ShouldBe(("a.pfx", file));
        values["Kestrel:Certificates:Default:Password"].ShouldBe(("***", file));
        values.Count.ShouldBe(ServerSettings.All.Count + 2);
    }

    [Fact]
    public async Task An_unknown_setting_in_the_environment_is_an_error_too()
    {
        Environment.SetEnvironmentVariable("Touchstone__NoSuchThing", "1");
        (await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync())).Message.ShouldContain("NoSuchThing");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("not json")]
    public async Task A_file_that_is_no_JSON_is_an_error_that_names_it(string text)
    {
        var file = Write(text);
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(configFile: file));
        error.IsUsage.ShouldBeTrue();
        error.Message.ShouldContain(file);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_an_error_that_names_it()
    {
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(configFile: _folder.File("missing.json")));
        error.Message.ShouldBe($"There is no configuration file {_folder.File("missing.json")}.");
        error.IsUsage.ShouldBeTrue();
    }

    [Fact]
    public async Task Every_error_is_in_the_message_one_a_line()
    {
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(options => (options.MaxFormBytes, options.RecordCacheBytes) = (1, -1)));
        error.Message.Split('\n').Length.ShouldBe(2);
    }

    private string Write(string json)
    {
        var path = _folder.File("touchstone.json");
        File.WriteAllText(path, json);
        return path;
    }
}
