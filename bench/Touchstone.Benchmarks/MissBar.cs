using System.Diagnostics;
using System.Globalization;
using System.Text;
using Touchstone.Client;

namespace Touchstone.Benchmarks;

/// <summary>
/// What the client costs where it has to ask: checks of tokens that it does not know, beside bare requests about the same tokens to the same server over the same connections, in turns. Where it follows the feed, the bare
/// requests ask for what a follower is told as well: the server does the same work for both.
/// Prints a line of a table for each way of asking, and false where a bar is missed.
/// </summary>
internal sealed class MissBar : IDisposable
{
    private const double Bar = 0.8;

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });
    private readonly Uri _server, _endpoint;
    private readonly string _authorization, _id, _secret;
    private readonly string[] _tokens;

    private MissBar(Uri server, string file)
    {
        (_server, _endpoint) = (server, new Uri(server, "oauth/introspect"));
        var lines = File.ReadAllLines(file);
        (_authorization, _tokens) = (lines[0], lines[1..]);
        var pair = Encoding.UTF8.GetString(Convert.FromBase64String(_authorization["Basic ".Length..])).Split(':');
        (_id, _secret) = (Uri.UnescapeDataString(pair[0]), Uri.UnescapeDataString(pair[1].Replace('+', ' ')));
    }

    /// <param name="server">The server.</param>
    /// <param name="file">What <see cref="Prepare"/> wrote: one caller, and a token for each request of a round.</param>
    /// <param name="rounds">How many are counted, each of both kinds.</param>
    internal static async Task<bool> RunAsync(Uri server, string file, int rounds)
    {
        using var bar = new MissBar(server, file);
        var holds = true;
        foreach (var mode in (FeedMode[])[FeedMode.Off, FeedMode.Required])
        {
            foreach (var workers in (int[])[1, 32]) holds &= await bar.CompareAsync(mode, workers, rounds);
        }
        return holds;
    }

    public void Dispose() => _http.Dispose();

    private async Task<bool> CompareAsync(FeedMode feed, int workers, int rounds)
    {
        var (bare, client, ratios) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = -1; round < rounds; round++)
        {
            // In turns, and each as often first as second.
            var (first, second) = round % 2 == 0 ? (await BareAsync(feed, workers), await CheckedAsync(feed, workers)) : (await CheckedAsync(feed, workers), await BareAsync(feed, workers));
            var (one, other) = round % 2 == 0 ? (first, second) : (second, first);
            if (round < 0) continue; // Compiles, and opens the connections.
            bare.Add(one);
            client.Add(other);
            ratios.Add(one / other);
        }
        var ratio = Median(ratios);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| a check that asks, {(workers == 1 ? "one at a time" : $"{workers} at once")}, {(feed is FeedMode.Off ? "no feed" : "the feed followed")} | {Median(client):F0} µs beside {Median(bare):F0} µs of a bare request: {ratio:F2} of its rate | ≥ {Bar:F2} |"));
        return ratio >= Bar;
    }

    private Task<double> BareAsync(FeedMode feed, int workers) => EachAsync(workers, async token =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _endpoint) { Content = new StringContent("token=" + token, Encoding.ASCII, "application/x-www-form-urlencoded") };
        request.Headers.TryAddWithoutValidation("Authorization", _authorization);
        if (feed is FeedMode.Required) request.Headers.TryAddWithoutValidation("Touchstone-Follow", "1");
        using var response = (await _http.SendAsync(request)).EnsureSuccessStatusCode();
        if (!(await response.Content.ReadAsByteArrayAsync()).AsSpan().StartsWith("{\"active\":true,"u8)) throw new InvalidOperationException("It is not active.");
    });

    // A client of each round knows no token yet.
    private async Task<double> CheckedAsync(FeedMode feed, int workers)
    {
        var options = new TokenIntrospectionOptions { IntrospectionEndpoint = _endpoint, ClientId = _id, ClientSecret = _secret, Feed = feed };
        if (feed is FeedMode.Required) options.FeedEndpoint = new Uri(_server, "feed");
        await using var client = new IntrospectionClient(options, _http);
        await client.StartAsync();
        if (feed is FeedMode.Required && client.Status.Feed is not FeedState.Followed) throw new InvalidOperationException("The feed is not followed.");
        return await EachAsync(workers, async token =>
        {
            var result = await client.IntrospectAsync(token);
            if (result is not { IsActive: true, Source: IntrospectionSource.Server }) throw new InvalidOperationException("Not asked: " + result.Source + ", " + result.Fault);
        });
    }

    // Gives how many µs went by for each token.
    private async Task<double> EachAsync(int workers, Func<string, Task> ask)
    {
        var next = -1;
        async Task WorkAsync()
        {
            for (var i = Interlocked.Increment(ref next); i < _tokens.Length; i = Interlocked.Increment(ref next)) await ask(_tokens[i]);
        }

        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(WorkAsync)));
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / _tokens.Length;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
