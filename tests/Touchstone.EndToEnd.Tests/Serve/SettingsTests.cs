namespace Touchstone.EndToEnd.Tests.Serve;

/// <summary>Settings that are wrong: exit code 2, every error at once, nothing started and nothing written.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_error_of_line_and_file_is_told_at_once()
    {
        var file = Config("""{"Touchstone":{"MaxFormBytes":1,"MaxTokenLifetime":"00:00:01","AccessTokenPrefix":"a b","RefreshTokenPrefix":"tst_at_x"}}""");

        var result = await ServeAsync("--config", file, "--urls", "http://192.0.2.1:5080;ftp://127.0.0.1", "--issuer", "http://as.example.com");

        result.ShouldEndWith(2);
        string[] expected = ["Issuer:", "Urls: http://192.0.2.1:5080", "Urls: 'ftp://127.0.0.1'", "MaxTokenLifetime:", "AccessTokenLifetime:", "MaxFormBytes:", "AccessTokenPrefix:"];
        foreach (var error in expected) result.ErrorLines.ShouldContain(line => line.StartsWith("touchstone: " + error, StringComparison.Ordinal), error);
        result.ErrorLines.Length.ShouldBe(expected.Length);
        Directory.Exists(_folder.File("data")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("{\"Touchstone\":{\"MaxFormByte\":4096}}", "MaxFormByte")]
    [InlineData("{\"Touchstone\":{\"MaxFormBytes\":\"many\"}}", "MaxFormBytes")]
    [InlineData("{\"Touchstone\":", "touchstone.json")]
    public async Task A_file_with_an_unknown_or_unreadable_setting_is_refused(string json, string named)
    {
        var result = await ServeAsync("--config", Config(json));

        result.ShouldEndWith(2);
        result.Error.ShouldContain(named);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_named()
    {
        var result = await ServeAsync("--config", _folder.File("none.json"));

        result.ShouldEndWith(2);
        result.Error.ShouldContain("none.json");
    }

    [Fact]
    public async Task The_environment_is_read_and_judged_too()
    {
        var result = await Cli.Bare.With("Touchstone__MaxFormBytes", "12").RunAsync("serve", "--data", _folder.File("data"), "--urls", $"http://127.0.0.1:{Ports.Take()}");

        result.ShouldEndWith(2);
        result.Error.ShouldContain("MaxFormBytes");
    }

    [Theory]
    [InlineData("--record-cache", "lots")]
    [InlineData("--record-cache", "-1")]
    [InlineData("--server", "http://127.0.0.1:1")]
    [InlineData("--nonsense", "1")]
    [InlineData("extra", "words")]
    public async Task A_line_that_makes_no_sense_is_one_line_of_error(string option, string value)
    {
        var result = await ServeAsync(option, value);

        result.ShouldEndWith(2);
        result.ErrorLines.Length.ShouldBe(1);
    }

    [Fact]
    public async Task Errors_of_settings_are_JSON_where_that_is_asked_for()
    {
        var result = await ServeAsync("--urls", "http://192.0.2.1:80;ftp://x", "--issuer", "http://127.0.0.1:5080", "--json");

        result.ShouldEndWith(2);
        result.ErrorLines.Length.ShouldBe(2);
        foreach (var line in result.ErrorLines) System.Text.Json.JsonElement.Parse(line).GetProperty("error").GetString().ShouldBe("usage");
    }

    [Theory]
    [InlineData("http://as.example.com", "plain http and not loopback")]
    [InlineData("https://as.example.com/?a=1", "no query")]
    [InlineData("https://as.example.com#x", "no fragment")]
    [InlineData("as.example.com", "absolute https URL")]
    [InlineData("ftp://as.example.com", "absolute https URL")]
    public async Task An_issuer_that_no_client_could_use_is_refused(string issuer, string why)
    {
        var result = await ServeAsync("--issuer", issuer);

        result.ShouldEndWith(2);
        result.Error.ShouldContain("Issuer:");
        result.Error.ShouldContain(why);
    }

    [Fact]
    public async Task Plain_http_beyond_loopback_is_refused_with_both_ways_out()
    {
        var result = await Cli.Bare.RunAsync("serve", "--data", _folder.File("data"), "--urls", "http://0.0.0.0:5080", "--issuer", "https://as.example.com");

        result.ShouldEndWith(2);
        result.Error.ShouldContain("--config");
        result.Error.ShouldContain("--allow-insecure-http");
    }

    private string Config(string json)
    {
        var path = _folder.File("touchstone.json");
        File.WriteAllText(path, json);
        return path;
    }

    private Task<CommandResult> ServeAsync(params string[] arguments) => Cli.Bare.RunAsync(["serve", "--data", _folder.File("data"), .. arguments]);
}
