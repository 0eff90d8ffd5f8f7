using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Benchmarks;

/// <summary>How long a revocation takes until its 200, which says that every node knows of it: asked for at all nodes in turn, so many a second, whether or not earlier ones are answered.</summary>
internal sealed class BarrierBar : IDisposable
{
    private readonly HttpClient[] _nodes;
    private readonly AdminClient _admin;
    private readonly string _owner;

    private BarrierBar(HttpClient[] nodes, AdminClient admin, string owner) => (_nodes, _admin, _owner) = (nodes, admin, owner);

    internal static async Task<BarrierBar> ConnectAsync(Uri[] nodes, string data)
    {
        var admin = await AdminClient.ConnectAsync(nodes[0], data);
        var id = $"barrier-{Guid.NewGuid():N}";
        var client = await admin.PostAsync("admin/clients", new JsonObject { ["client_id"] = id, ["kind"] = "client", ["audience"] = new JsonArray(JsonValue.Create(Prepare.Audience)), ["limits"] = new JsonObject { ["rate"] = 1_000_000 } });
        var clients = nodes.Select(node => new HttpClient(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null }) { BaseAddress = node }).ToArray();
        return new BarrierBar(clients, admin, ClientCredentials.Basic(id, (string)client["client_secret"]!)) { Id = id };
    }

    private string Id { get; init; } = "";

    /// <summary>All nodes are well: p50 and p99 are below these bars, in milliseconds.</summary>
    internal async Task<bool> HealthyAsync(int rate, int seconds, double p50, double p99)
    {
        await RunAsync(_nodes, rate, 5, () => { }); // Uncounted: compiles.
        var times = await RunAsync(_nodes, rate, seconds, () => { });
        Console.WriteLine($"| {_nodes.Length} nodes | {Figures(times)} | p50 ≤ {p50} ms, p99 ≤ {p99} ms |");
        return Percentile(times, 50) <= p50 && Percentile(times, 99) <= p99;
    }

    /// <summary>The last node is killed a second later, and the others are asked: no answer takes longer than the bound, in milliseconds.</summary>
    internal async Task<bool> KilledAsync(int rate, int seconds, int process, double bound)
    {
        var others = _nodes[..^1];
        var isKilled = false;
        var times = await RunAsync(others, rate, seconds, () =>
        {
            if (isKilled) return;
            isKilled = true;
            using var node = Process.GetProcessById(process);
            node.Kill();
        });
        var slow = times.Count(time => time > 100);
        Console.WriteLine($"| {_nodes.Length} nodes, of which one is killed after 1 s | {Figures(times)} | at most {bound} ms |");
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Of the {times.Length} beside a killed node {slow} took longer than 100 ms: those of the {slow / (double)rate:F1} s until it counts as gone. After that they are as before: the last {rate * 2} had a p99 of {Percentile(times[^(rate * 2)..], 99):F1} ms."));
        return times.Max() <= bound;
    }

    public void Dispose()
    {
        foreach (var node in _nodes) node.Dispose();
        _admin.Dispose();
    }

    // In the order in which they were asked for, in milliseconds.
    private async Task<double[]> RunAsync(HttpClient[] nodes, int rate, int seconds, Action afterOneSecond)
    {
        var count = rate * seconds;
        var tokens = await TokensAsync(count);
        var answers = new Task<double>[count];
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / rate));
        for (var i = 0; i < count; i++)
        {
            await timer.WaitForNextTickAsync();
            if (i == rate) afterOneSecond();
            var (node, token) = (nodes[i % nodes.Length], tokens[i]);
            answers[i] = Task.Run(() => RevokeAsync(node, token));
        }
        return await Task.WhenAll(answers);
    }

    private async Task<double> RevokeAsync(HttpClient node, string token)
    {
        var began = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Post, "oauth/revoke") { Content = new StringContent("token=" + token, Encoding.ASCII, "application/x-www-form-urlencoded") };
        request.Headers.TryAddWithoutValidation("Authorization", _owner);
        using var answer = (await node.SendAsync(request)).EnsureSuccessStatusCode();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private async Task<string[]> TokensAsync(int count)
    {
        var made = (await _admin.PostAsync("admin/tokens", new JsonArray([.. Enumerable.Range(0, count).Select(_ => new JsonObject { ["client_id"] = Id, ["aud"] = Prepare.Audience })]))).AsArray();
        return [.. made.Select(token => (string)token!["token"]!)];
    }

    private static string Figures(double[] times) =>
        string.Create(CultureInfo.InvariantCulture, $"{times.Length} | **{Percentile(times, 50):F1}** | {Percentile(times, 90):F1} | **{Percentile(times, 99):F1}** | {times.Max():F1}");

    private static double Percentile(double[] times, int part) => times.Order().ElementAt(Math.Min(times.Length - 1, times.Length * part / 100));
}
