using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Touchstone.Benchmarks;

/// <summary>What bench/bars asks of a running server. Each prints a line, and gives false where a bar is missed.</summary>
internal static class Bars
{
    private const int Sample = 1000;

    /// <summary>
    /// Revokes the client of all tokens: how long the answer takes, and whether the very next introspection of each of 1,000 of them, half of them in the server's memory and half not, is inactive.
    /// A client that is revoked five times over has five rows, each as dear as the first; the tokens are those of before.
    /// </summary>
    internal static async Task<bool> MillionAsync(Uri server, string data, string file)
    {
        using var admin = await AdminClient.ConnectAsync(server, data);
        using var asking = new Introspections(server, file);
        // One that ends nothing first, so that what is measured is not the compiler.
        for (var i = 0; i < 20; i++) await admin.PostAsync("admin/revocations", new JsonObject { ["client_id"] = "nobody" });
        var sample = Random.Shared.GetItems(asking.Tokens.ToArray(), Sample);
        for (var i = 0; i < Sample / 2; i++)
        {
            if (!await asking.IsActiveAsync(sample[i])) throw new InvalidOperationException("A token was inactive before.");
        }

        var started = Stopwatch.GetTimestamp();
        await admin.PostAsync("admin/revocations", new JsonObject { ["client_id"] = Prepare.App });
        var took = Stopwatch.GetElapsedTime(started);
        var next = await asking.IsActiveAsync(sample[0]);
        var active = next ? 1 : 0;
        foreach (var token in sample.Skip(1)) active += await asking.IsActiveAsync(token) ? 1 : 0;

        var times = new List<double> { took.TotalMilliseconds };
        for (var i = 0; i < 4; i++)
        {
            started = Stopwatch.GetTimestamp();
            await admin.PostAsync("admin/revocations", new JsonObject { ["client_id"] = Prepare.App });
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"revoked a client with {asking.Tokens.Count:N0} tokens: answered in {times[0]:F1} ms (again: {string.Join(", ", times.Skip(1).Select(time => time.ToString("F1", CultureInfo.InvariantCulture)))} ms; bar 50 ms); of the next {Sample:N0} introspections, half of them of tokens in memory, {active} said active (bar 0)"));
        return times.Max() <= 50 && active == 0;
    }

    /// <summary>Whether all tokens of a file are active, and the store holds that many unexpired ones of their client.</summary>
    internal static async Task<bool> AllActiveAsync(Uri server, string data, string file)
    {
        using var admin = await AdminClient.ConnectAsync(server, data);
        using var asking = new Introspections(server, file);
        var stored = (long)(await admin.PostAsync("admin/revocations?dry_run=true", new JsonObject { ["client_id"] = Prepare.App }))["tokens"]!;
        var active = await asking.CountActiveAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"living tokens: {asking.Tokens.Count:N0} were issued, {stored:N0} are stored, {active:N0} are active"));
        return stored == asking.Tokens.Count && active == asking.Tokens.Count;
    }
}
