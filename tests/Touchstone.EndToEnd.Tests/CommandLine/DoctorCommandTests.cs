namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary><c>touchstone doctor</c> of a folder beside its server, and of the server from outside.</summary>
public sealed class DoctorCommandTests(SharedServer shared)
{
    [Fact]
    public async Task A_folder_is_examined_beside_its_server()
    {
        var result = await Cli.Bare.RunAsync("doctor", "--data", shared.Server.Data, "--json");

        result.ShouldEndWith(0);
        result.Json.GetProperty("failed").GetInt32().ShouldBe(0);
        var checks = result.Json.GetProperty("checks").EnumerateArray().ToDictionary(check => check.GetProperty("name").GetString()!, check => check.GetProperty("status").GetString());
        checks["audit"].ShouldBe("ok");
        checks["schema"].ShouldBe("ok");
        checks["demo"].ShouldBe("warn");
    }

    [Fact]
    public async Task A_failed_check_is_exit_code_1_with_what_to_do()
    {
        var result = await Cli.Bare.RunAsync("doctor", "--data", shared.Server.Data, "--urls", "https://127.0.0.1:5443");

        result.ShouldEndWith(1);
        result.Output.ShouldContain("fail  settings     Urls: https://127.0.0.1:5443 has no certificate");
        result.Output.ShouldContain("See docs/doctor.md#settings.");
        result.Output.ShouldContain("1 failed");
    }

    [Fact]
    public async Task A_server_is_examined_from_outside()
    {
        var result = await shared.Cli.RunAsync("doctor", "--json");

        result.ShouldEndWith(0);
        result.Json.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("name").GetString()).ShouldBe(["tls", "clock", "ready", "secrets", "rotations", "demo"]);

        var stranger = await Cli.Bare.RunAsync("doctor", "--server", shared.Server.Address.GetLeftPart(UriPartial.Authority), "--data", "/nonexistent");
        stranger.ShouldEndWith(0);
        stranger.Output.ShouldContain("skip  secrets");
        (await Cli.Bare.RunAsync("doctor", "--server", $"http://127.0.0.1:{Ports.Take()}")).ShouldEndWith(1);
    }

    [Fact]
    public async Task No_folder_is_a_usage_error() => (await Cli.Bare.RunAsync("doctor", "--data", "/nonexistent")).ShouldEndWith(2);
}
