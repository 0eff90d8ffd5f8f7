using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Concurrency;

/// <summary>A caller's secret is rotated as docs/tasks.md says, while all its instances ask without a pause: not one request is refused.</summary>
[Collection(LoadCollection.Name)]
public sealed class RotationTests
{
    private const int Instances = 8;

    // How many requests an instance makes with a secret before it may be given the next one.
    private const int Requests = 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_secret_is_rotated_under_load_without_one_refused_request(bool isBrought)
    {
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo with { Environment = ServerSetup.NoLimits });
        var cli = Cli.For(server);
        var caller = await server.Admin.AddResourceServerAsync("busy-api", "https://api.demo.example");
        var random = Bars.Random(Bars.Seed, isBrought ? 1 : 0);
        var instances = Enumerable.Range(0, Instances).Select(_ => new Instance(server, caller)).ToArray();
        using var stop = new CancellationTokenSource();
        var running = instances.Select(instance => Task.Run(() => instance.RunAsync(stop.Token))).ToArray();

        for (var i = 0; i < Bars.Rotations; i++)
        {
            var brought = $"brought-secret-number-{i}-{Bars.Seed}";
            var rotated = isBrought
                ? await (cli with { Input = brought + "\n" }).RunAsync("client", "rotate-secret", caller.Id, "--overlap", "1h", "--secret", "-", "--json")
                : await cli.RunAsync("client", "rotate-secret", caller.Id, "--overlap", "1h", "--json");
            rotated.ShouldEndWith(0);
            var secret = isBrought ? brought : rotated.Json.GetProperty("client_secret").GetString()!;

            // One after the other in a random order, each when it has worked with both a while; at times all at once.
            random.Shuffle(instances);
            var isAtOnce = random.Next(2) == 0;
            foreach (var instance in instances)
            {
                instance.Use(secret);
                if (!isAtOnce) await instance.HasAskedAsync(Requests);
            }
            foreach (var instance in instances) await instance.HasAskedAsync(Requests);
            var shown = (await cli.RunAsync("client", "show", caller.Id, "--json")).Json.GetProperty("secrets");
            shown.GetArrayLength().ShouldBe(2);
            shown[0].TryGetProperty("last_used_at", out _).ShouldBeTrue("the new secret is in use");
        }

        await stop.CancelAsync();
        await Task.WhenAll(running);
        instances.SelectMany(instance => instance.Refusals).ShouldBeEmpty($"seed {Bars.Seed}");
        (await cli.RunAsync("client", "failures", caller.Id, "--json")).Json.GetProperty("items").GetArrayLength().ShouldBe(0);
        Bars.Tell($"{Bars.Rotations} rotations, {(isBrought ? "brought" : "generated")} secrets, seed {Bars.Seed}: {instances.Sum(instance => instance.Asked)} requests of {Instances} instances, none refused");
    }

    /// <summary>One instance of the caller: asks again and again with the secret that it was given last.</summary>
    private sealed class Instance(ServerProcess server, TestClient caller)
    {
        private readonly List<string> _refusals = [];
        private TestClient _caller = caller;
        private int _asked, _with;

        internal IReadOnlyList<string> Refusals => _refusals;

        internal int Asked => Volatile.Read(ref _asked);

        internal void Use(string secret)
        {
            Volatile.Write(ref _caller, _caller with { Secret = secret });
            Volatile.Write(ref _with, Asked);
        }

        internal Task HasAskedAsync(int requests) => Until.TrueAsync(() => Asked >= Volatile.Read(ref _with) + requests, "an instance asks with its new secret");

        internal async Task RunAsync(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                var answer = await server.OAuth.IntrospectAsync(server.DemoToken, Volatile.Read(ref _caller));
                if (answer.Status != 200 || !answer.Json.GetProperty("active").GetBoolean()) _refusals.Add(answer.ToString());
                Interlocked.Increment(ref _asked);
            }
        }
    }
}
