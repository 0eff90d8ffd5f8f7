using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Tests;

public sealed class ServerAppTests
{
    [Fact]
    public async Task C19_I19_HTTPS_comes_from_Kestrels_usual_configuration_with_TLS_1_2_and_1_3()
    {
        using var folder = new TempFolder();
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2036, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await File.WriteAllBytesAsync(folder.File("server.pfx"), certificate.Export(X509ContentType.Pfx, "password"));
        await File.WriteAllTextAsync(folder.File("touchstone.json"), JsonSerializer.Serialize(new
        {
            Kestrel = new { Endpoints = new { Https = new { Url = "https://127.0.0.1:0", Certificate = new { Path = folder.File("server.pfx"), Password = "password" } } } },
        }));

        await using var server = await TestServer.StartAsync(configFile: folder.File("touchstone.json"));
        server.Address.Scheme.ShouldBe("https");
        foreach (var protocol in (SslProtocols[])[SslProtocols.Tls12, SslProtocols.Tls13])
        {
            using var client = new TcpClient();
            await client.ConnectAsync(server.Address.Host, server.Address.Port);
            await using var tls = new SslStream(client.GetStream(), false, (_, presented, _, _) => presented!.GetCertHashString() == certificate.GetCertHashString());
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", EnabledSslProtocols = protocol });
            await tls.WriteAsync("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray());
            using var reader = new StreamReader(tls);
            (await reader.ReadToEndAsync()).ShouldStartWith("HTTP/1.1 200 OK");
        }
    }

    [Fact]
    public async Task R15_Plain_http_beyond_loopback_is_served_with_a_warning_when_asked_for()
    {
        await using var server = await TestServer.StartAsync(options => (options.Urls, options.AllowInsecureHttp) = ("http://0.0.0.0:0", true));
        server.Logs.Of(6).ShouldHaveSingleItem().Level.ShouldBe(LogLevel.Warning);
        await using var quiet = await TestServer.StartAsync();
        quiet.Logs.Of(6).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_start_is_told_in_one_line_without_a_secret()
    {
        await using var server = await TestServer.StartAsync();
        var line = server.Logs.Of(7).ShouldHaveSingleItem();
        line.Level.ShouldBe(LogLevel.Information);
        line.Text.ShouldStartWith($"Serving {TestServer.DefaultIssuer} on {server.Address.ToString().TrimEnd('/')}, data in {server.Data}, revocation log at 1");
        server.Logs.Text.ShouldNotContain(server.AdminClient.Secret!);
    }

    [Fact]
    public async Task An_address_in_use_keeps_it_from_starting_and_frees_the_folder()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var folder = new TempFolder();
        var error = await Should.ThrowAsync<Exception>(() => TestServer.StartAsync(options => options.Urls = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", data: folder.Path));
        (error is StartupException or IOException { InnerException: AddressInUseException }).ShouldBeTrue(error.ToString());
        await using var server = await TestServer.StartAsync(data: folder.Path);
    }

    [Fact]
    public async Task A_second_server_on_the_same_folder_is_refused_and_the_first_goes_on()
    {
        await using var first = await TestServer.StartAsync();
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(data: first.Data));
        error.Message.ShouldStartWith("Another touchstone process uses the data folder");
        error.IsUsage.ShouldBeFalse();
        (await first.OAuth.GetAsync("/health/ready")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_used_is_told()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("file"), "");
        (await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(data: folder.File("file/data")))).Message.ShouldStartWith("The data folder");
    }

    [Fact]
    public async Task Without_an_issuer_the_first_address_is_it()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
        free.Stop();
        await using var server = await TestServer.StartAsync(options => (options.Issuer, options.Urls) = (null, url + "/;http://127.0.0.1:0"));
        server.App.Addresses.Count.ShouldBe(2);
        (await server.OAuth.MetadataAsync()).GetProperty("issuer").GetString().ShouldBe(url);
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Stopping_finishes_the_requests_under_way()
    {
        var (server, store) = await Storage.ProbedStore.StartAsync();
        var client = await server.Admin.AddClientAsync(new { client_id = "c", kind = "client", audience = new[] { Acme.OrdersApi } });
        var (isWriting, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        store.BeforeWrite = () =>
        {
            isWriting.TrySetResult();
            return goOn.Task;
        };
        var issuing = server.OAuth.GrantAsync(client);
        await isWriting.Task;
        var stopping = server.App.DisposeAsync().AsTask();
        goOn.SetResult();
        (await issuing).Status.ShouldBe(200);
        await stopping;
        server.Logs.Failures.ShouldBeEmpty();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task It_waits_until_it_is_told_to_stop()
    {
        await using var server = await TestServer.StartAsync();
        using var stop = new CancellationTokenSource();
        var waiting = server.App.WaitForShutdownAsync(stop.Token);
        waiting.IsCompleted.ShouldBeFalse();
        await stop.CancelAsync();
        await waiting;
    }
}
