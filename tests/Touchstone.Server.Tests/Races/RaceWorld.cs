namespace Touchstone.Server.Tests.Races;

/// <summary>
/// One world: some requests at once over the same few tokens, and up to three revocations among them. Each step either begins a request or lets one go on to its next call to the store, and nothing else runs meanwhile:
/// so a seed is one order of all that happens, and gives it again.
/// </summary>
internal sealed partial class RaceWorld
{
    private const int MostAtOnce = 5;

    private readonly RaceServer _server;
    private readonly Random _random;
    private readonly string _name;
    private readonly RaceLedger _ledger = new();
    private readonly List<Racer> _active = [];
    private readonly long _begun;
    private int _step, _started;

    private RaceWorld(RaceServer server, int seed, int run) => (_server, _random, _name, _begun) = (server, new Random(seed), $"{run}.{seed}", server.Time.Seconds);

    /// <summary>Runs a world.</summary>
    /// <param name="server">Where.</param>
    /// <param name="seed">Which.</param>
    /// <param name="mutation">What is broken.</param>
    /// <param name="run">The number of worlds that this server had before: no two have a name in common.</param>
    internal static async Task<RaceLedger> RunAsync(RaceServer server, int seed, RaceMutation mutation, int run)
    {
        var world = new RaceWorld(server, seed, run);
        server.Store.Mutation = mutation;
        server.Gates.Clear();
        await world.RunAsync();
        return world._ledger;
    }

    private async Task RunAsync()
    {
        foreach (var begin in (Func<Task>[])[() => IssueAsync(isRefreshed: true), () => IssueAsync(isRefreshed: true), .. RaceServer.Exchangers.Select(client => (Func<Task>)(() => ClientTokenAsync(client)))])
        {
            await begin();
            while (_active.Count > 0) await StepAsync();
        }
        for (var left = _random.Next(10, 22); left > 0 || _active.Count > 0;)
        {
            if (_random.Next(12) == 0) _server.Time.AdvanceSeconds(_random.Next(1, 4));
            if (left > 0 && (_active.Count == 0 || (_active.Count < MostAtOnce && _random.Next(5) < 2)))
            {
                left--;
                await BeginAsync();
            }
            else await StepAsync();
        }
        await EnableAsync();
        foreach (var token in _ledger.Tokens.ToArray())
        {
            await IntrospectAsync(token);
            while (_active.Count > 0) await StepAsync();
        }
    }

    // Those that wait for another's answer go on with it.
    private Task StepAsync()
    {
        var waiting = _active.Where(racer => racer.JoinedTo is null).ToArray();
        return GoOnAsync(waiting[_random.Next(waiting.Length)]);
    }

    private async Task GoOnAsync(Racer racer)
    {
        _step++;
        _ledger.Steps.Add($"{_step}: {racer.Id} {racer.What} goes on at {racer.At}");
        if (racer.IsBeforeWrite)
        {
            if (racer.Wrote == 0) racer.Wrote = _step;
            racer.Writes(racer, racer.At);
        }
        await racer.GoOnAsync();
        await FinishAsync(racer);
    }

    private async Task StartAsync(Racer racer, HttpRequestMessage request)
    {
        (racer.Began, racer.BeganAt) = (++_step, _server.Time.Seconds);
        _ledger.Steps.Add($"{_step}: {racer.Id} {racer.What} begins");
        _server.Gates.Add(racer);
        _active.Add(racer);
        racer.Answer = _server.SendAsync(request, racer);
        await racer.SettleAsync();
        await FinishAsync(racer);
    }

    private async Task FinishAsync(Racer racer)
    {
        if (!racer.IsOver) return;
        foreach (var over in _active.Where(other => ReferenceEquals(other, racer) || ReferenceEquals(other.JoinedTo, racer)).ToArray())
        {
            await over.EndAsync();
            _active.Remove(over);
            (over.Ended, over.EndedAt) = (_step, _server.Time.Seconds);
            var answer = await over.Answer;
            _ledger.Steps.Add($"{_step}: {over.Id} {over.What} is answered {answer.Status}{(answer.Text == AnswerAssertions.Inactive ? " inactive" : "")}");
            if (answer.Status >= 500) _ledger.Violate($"{over.What} is answered {answer}");
            over.Finish(over, answer);
        }
    }

    private Racer New(string what, Action<Racer, Answer> finish, Action<Racer, string>? writes = null, bool isRefresh = false) => new(++_started, what) { Finish = finish, Writes = writes ?? ((_, _) => { }), IsRefresh = isRefresh };

    private T Any<T>(IReadOnlyList<T> values) => values[_random.Next(values.Count)];
}
