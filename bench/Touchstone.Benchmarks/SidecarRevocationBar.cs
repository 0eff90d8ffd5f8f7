using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Benchmarks;

/// <summary>How long a proxy that asks the sidecar goes on letting a token pass, counted from the 200 of its revocation: until the first 401 is there. One token after another, each let pass just before.</summary>
internal static class SidecarRevocationBar
{
    private const string Id = "sidecar-revocation";

    /// <summary>True where p99 is below the bar, in milliseconds.</summary>
    internal static async Task<bool> RunAsync(Uri proxy, Uri server, string data, int count, double bar)
    {
        using var admin = await AdminClient.ConnectAsync(server, data);
        var client = await admin.PostAsync("admin/clients", new JsonObject { ["client_id"] = Id, ["kind"] = "client", ["audience"] = new JsonArray(JsonValue.Create(Prepare.Audience)), ["limits"] = new JsonObject { ["rate"] = 1_000_000 } });
        var owner = ClientCredentials.Basic(Id, (string)client["client_secret"]!);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null });

        const int uncounted = 20; // They compile.
        var made = (await admin.PostAsync("admin/tokens", new JsonArray([.. Enumerable.Range(0, count + uncounted).Select(_ => new JsonObject { ["client_id"] = Id, ["scope"] = "orders:read", ["aud"] = Prepare.Audience })]))).AsArray();
        var (times, polls) = (new List<double>(), 0);
        foreach (var (number, token) in made.Select(token => (string)token!["token"]!).Index())
        {
            // Asked for twice: the second time from memory.
            for (var i = 0; i < 2; i++)
            {
                if (await AskAsync(http, proxy, token) is not HttpStatusCode.OK and var status) throw new InvalidOperationException($"An active token: {(int)status}.");
            }
            await RevokeAsync(http, server, owner, token);
            var began = Stopwatch.GetTimestamp();
            var asked = 1;
            while (await AskAsync(http, proxy, token) is not HttpStatusCode.Unauthorized) asked++;
            var time = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            if (await AskAsync(http, proxy, token) is not HttpStatusCode.Unauthorized) throw new InvalidOperationException("A revoked token came back.");
            if (number < uncounted) continue;
            times.Add(time);
            polls += asked - 1;
        }
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {count} | **{Percentile(times, 50):F2}** | **{Percentile(times, 99):F2}** | {times[^1]:F2} | {polls} | p99 ≤ {bar} ms |"));
        return times.Count == count && Percentile(times, 99) <= bar;
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient http, Uri proxy, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, proxy) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private static async Task RevokeAsync(HttpClient http, Uri server, string owner, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, "oauth/revoke")) { Content = new StringContent("token=" + token, Encoding.ASCII, "application/x-www-form-urlencoded") };
        request.Headers.TryAddWithoutValidation("Authorization", owner);
        using var answer = (await http.SendAsync(request)).EnsureSuccessStatusCode();
    }

    private static double Percentile(List<double> sorted, int part) => sorted[Math.Min(sorted.Count - 1, sorted.Count * part / 100)];
}
