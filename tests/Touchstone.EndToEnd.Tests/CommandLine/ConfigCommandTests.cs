namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary><c>touchstone config</c>: what <c>serve</c> would start with, without starting it.</summary>
public sealed class ConfigCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Good_settings_are_told_to_be_good_and_nothing_is_made()
    {
        var result = await Cli.Bare.RunAsync("config", "check", "--config", Write("""{"Touchstone":{"MaxFormBytes":"64KiB"}}"""), "--data", _folder.File("data"));

        result.ShouldEndWith(0);
        result.Output.ShouldContain("The settings are valid; 2 are not the default.");
        Directory.Exists(_folder.File("data")).ShouldBeFalse();
    }

    [Fact]
    public async Task Check_tells_what_serve_would_tell_line_by_line()
    {
        var file = Write("""{"Touchstone":{"MaxFormByte":1,"RecordCacheBytes":-1,"Demo":"perhaps"},"Logging":{"LogLevel":{"Default":"Loud"}}}""");
        string[] line = ["--config", file, "--urls", "http://192.0.2.1:80;ftp://x", "--issuer", "https://as.example.com", "--data", _folder.File("data")];

        var check = await Cli.Bare.RunAsync(["config", "check", .. line]);
        var serve = await Cli.Bare.RunAsync(["serve", .. line]);

        check.ShouldEndWith(2);
        check.ErrorLines.Length.ShouldBe(6);
        check.Error.ShouldBe(serve.Error);
        serve.ShouldEndWith(2);
        check.Error.ShouldContain("Did you mean MaxFormBytes?");
        (await Cli.Bare.RunAsync(["config", "check", .. line, "--json"])).ErrorLines.Length.ShouldBe(6);
    }

    [Fact]
    public async Task Show_tells_value_and_source_of_each_and_masks_secrets()
    {
        var file = Write("""{"Touchstone":{"AccessTokenLifetime":"15m"},"Kestrel":{"Endpoints":{"A":{"Url":"http://127.0.0.1:5"}},"Certificates":{"Other":{"Password":"hush"}}}}""");

        var result = await Cli.Bare.With("Touchstone__MaxFormBytes", "2048").RunAsync("config", "show", "--config", file, "--record-cache", "1MiB", "--json");

        result.ShouldEndWith(0);
        var settings = result.Json.GetProperty("settings").EnumerateArray().ToDictionary(each => each.GetProperty("name").GetString()!, each => (each.GetProperty("value").GetString(), each.GetProperty("source").GetString()));
        settings["Touchstone:AccessTokenLifetime"].ShouldBe(("00:15:00", file));
        settings["Touchstone:MaxFormBytes"].ShouldBe(("2048", "environment Touchstone__MaxFormBytes"));
        settings["Touchstone:RecordCacheBytes"].ShouldBe(("1048576", "option --record-cache"));
        settings["Touchstone:Demo"].ShouldBe(("false", "default"));
        settings["Kestrel:Certificates:Other:Password"].ShouldBe(("***", file));
        result.Output.ShouldNotContain("hush");
        (await Cli.Bare.RunAsync("config", "show")).Output.ShouldContain("Touchstone:Urls");
    }

    private string Write(string json)
    {
        var path = _folder.File("touchstone.json");
        File.WriteAllText(path, json);
        return path;
    }
}
