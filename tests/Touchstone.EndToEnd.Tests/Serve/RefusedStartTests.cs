namespace Touchstone.EndToEnd.Tests.Serve;

/// <summary>What the world around does not allow: exit code 1, and a line that says what to do.</summary>
public sealed class RefusedStartTests(SharedServer shared)
{
    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var folder = new TempFolder();

        var result = await Cli.Bare.RunAsync("serve", "--data", folder.File("data"), "--urls", shared.Server.Address.GetLeftPart(UriPartial.Authority));

        result.ShouldEndWith(1);
        result.Error.ShouldContain($"{shared.Server.Address.Authority}: address already in use");
        result.Error.ShouldContain("--urls");
    }

    [Fact]
    public async Task A_second_server_on_the_same_folder_is_refused_and_the_first_goes_on()
    {
        var result = await Cli.Bare.RunAsync("serve", "--data", shared.Server.Data, "--urls", $"http://127.0.0.1:{Ports.Take()}");

        result.ShouldEndWith(1);
        result.ErrorLines.Length.ShouldBe(1);
        result.Error.ShouldContain($"Another touchstone process uses the data folder {shared.Server.Data}");
        (await shared.Server.Http.GetAsync("/health/ready")).StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_data_folder_that_is_a_file_is_named()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("data"), "");

        var result = await Cli.Bare.RunAsync("serve", "--data", folder.File("data"), "--urls", $"http://127.0.0.1:{Ports.Take()}");

        result.ShouldEndWith(1);
        result.Error.ShouldContain(folder.File("data"));
    }

    [Fact]
    public async Task A_database_that_is_none_is_refused_and_left_as_it_is()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("data"));
        var text = string.Concat(Enumerable.Repeat("not a database\n", 1000));
        await File.WriteAllTextAsync(Path.Combine(folder.File("data"), "touchstone.db"), text);

        var result = await Cli.Bare.RunAsync("serve", "--data", folder.File("data"), "--urls", $"http://127.0.0.1:{Ports.Take()}");

        result.ShouldEndWith(1);
        result.Error.ShouldContain("database");
        (await File.ReadAllTextAsync(Path.Combine(folder.File("data"), "touchstone.db"))).ShouldBe(text);
        File.Exists(Path.Combine(folder.File("data"), "admin.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task Credentials_without_their_database_are_refused_and_not_overwritten()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("data"));
        await File.WriteAllTextAsync(Path.Combine(folder.File("data"), "admin.json"), "{\"client_id\":");

        var result = await Cli.Bare.RunAsync("serve", "--data", folder.File("data"), "--urls", $"http://127.0.0.1:{Ports.Take()}");

        result.ShouldEndWith(1);
        result.Error.ShouldContain("admin.json");
        result.Error.ShouldContain("touchstone.db is missing or empty");
        (await File.ReadAllTextAsync(Path.Combine(folder.File("data"), "admin.json"))).ShouldBe("{\"client_id\":");
    }
}
