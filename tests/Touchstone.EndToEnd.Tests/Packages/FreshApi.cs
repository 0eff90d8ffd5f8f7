using System.Security;
using System.Text.RegularExpressions;

namespace Touchstone.EndToEnd.Tests.Packages;

/// <summary>A project as somebody makes it who has nothing but the packages: a minimal API, tried with a server in memory.</summary>
internal static partial class FreshApi
{
    private const string Program = """
        using System.Net.Http.Headers;
        using System.Security.Claims;
        using Touchstone.AspNetCore;
        using Touchstone.Client;
        using Touchstone.Client.Testing;

        var server = new FakeAuthorizationServer();
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthentication().AddTokenIntrospection(options => options.Audiences = ["https://orders.acme.test/"]);
        builder.Services.AddAuthorization();
        builder.Services.AddHealthChecks().AddTokenIntrospection();
        builder.Services.UseFakeAuthorizationServer(server);

        await using var app = builder.Build();
        app.MapGet("/orders", (ClaimsPrincipal user) => $"Orders of {user.Identity!.Name}").RequireScope("orders:read");
        app.MapHealthChecks("/health");
        await app.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(app.Urls.First()) };

        await TellAsync("/health", null);
        var token = Issue("orders:read");
        await TellAsync("/orders", token);
        await TellAsync("/orders", null);
        await TellAsync("/orders", Issue("orders:write"));
        await server.RevokeAsync(token);
        await TellAsync("/orders", token);
        server.Fail(IntrospectionFault.ServerError);
        await TellAsync("/orders", Issue("orders:read"));

        string Issue(string scope) => server.Issue(scopes: [scope], audience: ["https://orders.acme.test/"]);

        async Task TellAsync(string path, string? bearer)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (bearer is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
            using var response = await http.SendAsync(request);
            Console.WriteLine($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}".TrimEnd());
        }
        """;

    /// <summary>Writes it: packages of ours come from the feed and from nowhere else, others from what the machine has already, then from its sources.</summary>
    internal static async Task WriteAsync(string folder, string feed)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), Program);
        await File.WriteAllTextAsync(Path.Combine(folder, "FreshApi.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
                <RestorePackagesPath>{Xml(Path.Combine(folder, "packages"))}</RestorePackagesPath>
                <RestoreFallbackFolders>{Xml(await MachinePackagesAsync())}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Touchstone.AspNetCore" Version="{Packed.Version}" />
              </ItemGroup>
            </Project>
            """);
        var others = SourceName().Matches((await Packed.Dotnet.RunAsync("nuget", "list", "source")).Output).Select(match => $"""<packageSource key="{Xml(match.Groups[1].Value)}"><package pattern="*" /></packageSource>""");
        await File.WriteAllTextAsync(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <add key="packed" value="{Xml(feed)}" />
              </packageSources>
              <packageSourceMapping>
                <packageSource key="packed"><package pattern="Touchstone.*" /></packageSource>
                {string.Join('\n', others)}
              </packageSourceMapping>
            </configuration>
            """);
    }

    private static async Task<string> MachinePackagesAsync()
    {
        var told = (await Packed.Dotnet.RunAsync("nuget", "locals", "global-packages", "--list")).Output;
        return told[(told.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    private static string Xml(string text) => SecurityElement.Escape(text);

    [GeneratedRegex(@"^\s*[0-9]+\.\s+(.+) \[Enabled\]\s*$", RegexOptions.Multiline)]
    private static partial Regex SourceName();
}
