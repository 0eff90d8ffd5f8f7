using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Tests;

/// <summary>File, then environment, then what the caller says. The environment belongs to the whole process, so these tests run alone.</summary>
[Collection(nameof(Alone))]
public sealed class ConfigurationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        foreach (var name in (string[])["Touchstone__MaxFormBytes", "Touchstone__AccessTokenPrefix", "TOUCHSTONE__MAXFORMBYTES", "Touchstone__NoSuchThing"]) Environment.SetEnvironmentVariable(name, null);
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
    [InlineData("""{"Touchstone":{"MaxFromBytes":2000}}""", "MaxFromBytes")]
    [InlineData("""{"Touchstone":{"MaxFormBytes":"many"}}""", "MaxFormBytes")]
    [InlineData("""{"Touchstone":{"AccessTokenLifetime":"1h"}}""", "AccessTokenLifetime")]
    [InlineData("""{"Touchstone":{"Issuer":"x","MaxFormBytes":1}}""", "MaxFormBytes: must be 1024 to 1048576.")]
    public async Task An_unknown_setting_or_one_that_cannot_be_read_is_an_error_that_names_it(string json, string expected)
    {
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(configFile: Write(json)));
        error.IsUsage.ShouldBeTrue();
        error.Message.ShouldContain(expected);
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
