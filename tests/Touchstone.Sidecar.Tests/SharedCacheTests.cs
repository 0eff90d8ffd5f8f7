using System.Net;
using System.Security.Cryptography;
using Touchstone.Sidecar.Configuration;
using Touchstone.Sidecar.Tests.ForwardAuth;
using Touchstone.Testing.Processes;

namespace Touchstone.Sidecar.Tests;

/// <summary>A Redis that several sidecars share.</summary>
public sealed class SharedCacheTests
{
    private const string Base = "issuers: { issuer: https://as.acme.test, client_id: a, client_secret: s }\nrules: { name: r, paths: /** }\n";

    [Fact]
    public async Task What_one_was_told_another_need_not_ask()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("l2.key"), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) + "\n");
        await using var site = await SidecarSite.OpenAsync(more: $"shared_cache: {{ redis: \"{redis.Address}\", key_file: \"{folder.File("l2.key")}\", deadline: 1s }}");
        var token = await site.TokenAsync();
        // Until the connection is there, nothing is kept: what is asked is never held up by that.
        await Until.TrueAsync(
            async () =>
            {
                var another = await site.TokenAsync(subject: Guid.NewGuid().ToString());
                await site.AskAsync("nginx", "GET", "orders.acme.test", "/orders", another);
                return await SizeAsync(redis) > 0;
            },
            "answers are kept");
        var before = await SizeAsync(redis);
        await site.AskAsync("nginx", "GET", "orders.acme.test", "/orders", token);
        await Until.TrueAsync(async () => await SizeAsync(redis) > before, "this one is kept");
        (await redis.RunAsync("KEYS", "*")).ShouldNotContain(token);

        var (config, faults) = SidecarConfigReader.ReadFile(site.File);
        await using var second = await SidecarApp.StartAsync(config.ShouldNotBeNull(string.Join('\n', faults)), site.File, time: site.Server.Time);
        await Until.TrueAsync(async () => (await redis.RunAsync("CLIENT", "LIST")).Split('\n').Count(line => line.Contains("addr=", StringComparison.Ordinal)) >= 3, "both are connected");
        await site.Server.DisposeAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(second.Addresses.First()), "/auth/nginx")) { Headers = { { "X-Original-Method", "GET" }, { "X-Original-Host", "orders.acme.test" }, { "X-Original-URI", "/orders" }, { "Authorization", "Bearer " + token } } };
        (await site.Http.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("shared_cache: { redis: \"redis://127.0.0.1\" }", "'key_file' is missing"), InlineData("shared_cache: { key_file: good }", "'redis' is missing"), InlineData("shared_cache: { redis: \"redis://127.0.0.1\", key_file: short }", "32 are the least"), InlineData("shared_cache: { redis: \"redis://127.0.0.1\", key_file: nowhere }", "no file 'nowhere'"), InlineData("shared_cache: { redis: \"redis://127.0.0.1\", key_file: text }", "can't be used")]
    [InlineData("shared_cache: { redis: \"redis://cache.acme.test\", key_file: good }", "rediss"), InlineData("shared_cache: { redis: \"redis://u:s3cret@127.0.0.1\", key_file: good }", "no password"), InlineData("shared_cache: { redis: \"redis://127.0.0.1\", key_file: good, deadline: 2s }", "1ms to 1s"), InlineData("ready_when: always", "rules or feed"), InlineData("drain: 26s", "25s at most")]
    public void L47_What_is_wrong_is_told_and_no_secret_with_it(string more, string says)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("good"), Convert.ToBase64String(new byte[32]));
        File.WriteAllText(folder.File("short"), Convert.ToBase64String(new byte[31]));
        File.WriteAllText(folder.File("text"), "no base64!");
        var fault = SidecarConfigReader.Read(Base + more, folder.Path).Faults.ShouldHaveSingleItem();
        fault.Line.ShouldBe(3);
        fault.Message.ShouldContain(says);
        fault.Message.ShouldNotContain("s3cret");
    }

    private static async Task<int> SizeAsync(RedisServer redis) => int.Parse((await redis.RunAsync("DBSIZE")).Trim(), System.Globalization.CultureInfo.InvariantCulture);
}
