namespace Touchstone.Protocol.Tests.Leases.Simulation;

/// <summary>
/// Three nodes, two followers, one that judges JWTs, and one database for a minute in which everything goes wrong that may: messages late, lost, doubled and out of order; processes paused, killed, replaced while they still run;
/// clocks that drift and are set; in every third world a database that goes back to a backup.
/// </summary>
internal sealed class Simulation
{
    private readonly World _world;
    private readonly SimulatedDatabase _database;
    private readonly Mutation _mutation;
    private int _next;

    private Simulation(int seed, Mutation mutation)
    {
        _world = new World(seed);
        _database = new SimulatedDatabase(_world);
        _mutation = mutation;
        Ledger = new Ledger(_world, _database);
        for (var i = 1; i <= 3; i++) Ledger.Nodes.Add(Begin(i.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        SimulatedFollower[] followers = [new(_world, Ledger, mutation), new(_world, Ledger, mutation), new(_world, Ledger, mutation, judgesJwts: true)];

        Often(1, 5, () => Ledger.AnyNode().Introspect(Lately()));
        Often(5, 30, () => followers[_world.Chance.Next(followers.Length)].Check(Math.Max(0, _next + 20 - _world.Chance.Next(120))));
        Often(20, 400, Revoke);
        Often(500, 5000, () => Ledger.AnyNode().Pause(_world.Between(10, 4000)));
        Often(2000, 15_000, Replace);
        Often(1000, 10_000, () => Ledger.AnyNode().Clock.SetWall(_world.Between(-20_000, 20_000)));
        Often(1000, 10_000, () => _database.Clock.SetWall(_world.Between(0, 5_000)));
        if (seed % 3 == 0)
        {
            Often(3000, 9000, _database.Backup);
            Often(10_000, 20_000, () =>
            {
                if (_database.Restore()) Ledger.Restored();
            });
        }
    }

    internal Ledger Ledger { get; }

    internal static Ledger Run(int seed, Mutation mutation)
    {
        var simulation = new Simulation(seed, mutation);
        simulation._world.Run(TimeSpan.FromMinutes(1));
        return simulation.Ledger;
    }

    private void Often(double from, double to, Action action) => _world.After(_world.Between(from, to), () =>
    {
        action();
        Often(from, to, action);
    });

    // Tokens are numbers: those below _next are being revoked, or were.
    private int Lately() => Math.Max(0, _next - 8 + _world.Chance.Next(12));

    private void Revoke()
    {
        var token = _world.Likely(0.3) ? Lately() : _next++;
        if (token < _next) Ledger.AnyNode().Revoke(token);
    }

    private SimulatedNode Begin(string name) => new(_world, _database, Ledger, _mutation, name);

    // Killed, or told to leave; or still running for some seconds beside the new one of its name.
    private void Replace()
    {
        var old = Ledger.AnyNode();
        if (_world.Likely(0.3)) old.Kill();
        else if (_world.Likely(0.5)) old.Leave();
        else _world.After(_world.Between(100, 8000), old.Kill);
        var index = Ledger.Nodes.IndexOf(old);
        var begun = Begin(old.Name);
        if (old.IsDead) Ledger.Nodes[index] = begun;
        else
        {
            Ledger.Nodes.Add(begun);
            _world.After(_world.Between(4000, 9000), () => Ledger.Nodes.Remove(old));
        }
    }
}
