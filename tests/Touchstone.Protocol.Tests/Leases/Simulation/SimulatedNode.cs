using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Tests.Leases.Simulation;

/// <summary>A server process. It drives the lease, watch and barrier of production; what is mutated is how it drives them.</summary>
internal sealed partial class SimulatedNode
{
    internal static readonly LeaseTerms Terms = LeaseTerms.Node;

    // The mutant without a margin: held for 2 s, waited for 2 s.
    private static readonly LeaseTerms _held = new(Terms.Duration / 0.99, Terms.Duration / 0.99 * 0.01), _waited = new(Terms.Duration / 1.01, Terms.Duration / 1.01 * 0.01);

    private readonly World _world;
    private readonly SimulatedDatabase _database;
    private readonly Ledger _ledger;
    private readonly Mutation _mutation;
    private Guid _instance;
    private readonly LeaseTerms _waitTerms;
    private readonly NodeWatch _watch;
    private readonly Dictionary<int, long> _memory = [];
    private readonly Dictionary<int, long> _cache = []; // Token and as-of.
    private readonly RecentRows _recent = new();
    private readonly Dictionary<Guid, LogCursor> _heard = []; // What nodes said of themselves.
    private readonly List<(RevocationBarrier Barrier, int Token)> _waiting = [];
    private LogCursor _cursor;
    private string? _identity;
    private ClockReading _identitySince;
    private bool _isInRound, _isWanted;
    private TimeSpan _pausedUntil;

    internal SimulatedNode(World world, SimulatedDatabase database, Ledger ledger, Mutation mutation, string name)
    {
        (_world, _database, _ledger, _mutation, Name) = (world, database, ledger, mutation, name);
        Clock = new SimulatedClock(world);
        _instance = NewInstance();
        Lease = new NodeLease(mutation is Mutation.NoMargin ? _held : Terms);
        _waitTerms = mutation is Mutation.NoMargin ? _waited : Terms;
        _watch = new NodeWatch(_waitTerms);
        Start();
    }

    internal string Name { get; }

    internal SimulatedClock Clock { get; }

    internal NodeLease Lease { get; }

    internal bool IsDead { get; private set; }

    internal LogCursor Cursor => _cursor;

    internal IEnumerable<KeyValuePair<int, long>> Memory => _memory;

    internal void Pause(TimeSpan time) => _pausedUntil = _world.Now + time;

    internal void Kill() => IsDead = true;

    internal void Leave() => Do(() =>
    {
        Lease.End();
        IsDead = true;
        _world.After(_world.Latency(), () => _database.Leave(_instance));
    });

    /// <summary>Runs as soon as the process runs: at once, when it is resumed, or never.</summary>
    internal void Do(Action action)
    {
        if (IsDead) return;
        if (_pausedUntil > _world.Now) _world.After(_pausedUntil - _world.Now, () => Do(action));
        else action();
    }

    internal void Introspect(int token)
    {
        var begun = _world.Now;
        Do(() =>
        {
            if (_cache.ContainsKey(token)) _world.After(_world.Between(0, 5), () => Do(() => Answer(token, begun)));
            else
            {
                var (asOf, epoch) = (_cursor.Seq, _cursor.Epoch);
                Ask(() => _database.IsRevoked(token), isRevoked =>
                {
                    if (isRevoked || epoch != _cursor.Epoch) return;
                    _cache[token] = _mutation is Mutation.AsOfAfterJudging ? _cursor.Seq : asOf;
                    Answer(token, begun);
                });
            }
        });
    }

    private void Answer(int token, TimeSpan begun)
    {
        if (!_cache.TryGetValue(token, out var asOf)) return; // Emptied meanwhile: 503.
        if (asOf != _cursor.Seq)
        {
            if (_memory.ContainsKey(token)) return; // Inactive.
            _cache[token] = _cursor.Seq;
        }
        if (Lease.IsHeld(Clock.Read())) _ledger.Active(token, begun, Name);
    }

    /// <summary>Answers a follower that a token is active, if it is; a node that knows less than the follower does not answer.</summary>
    internal void Tell(int token, LogCursor after, Action<Guid, long> active) => Do(() =>
    {
        var (asOf, epoch) = (_cursor.Seq, _cursor.Epoch);
        if (after.Epoch == epoch && asOf < after.Seq) return;
        Ask(() => _database.IsRevoked(token), isRevoked =>
        {
            if (!isRevoked && epoch == _cursor.Epoch && !_memory.ContainsKey(token) && Lease.IsHeld(Clock.Read())) active(epoch, asOf);
        });
    });

    private void Move(LogCursor to)
    {
        if (to.Epoch != _cursor.Epoch) _recent.Begin(to);
        _cursor = to;
        _recent.Add(to.Seq, to.Row);
    }

    private ClockReading WaitersClock() => _mutation is Mutation.DatabaseClock ? new ClockReading(_database.Clock.Read().Wall, default) : Clock.Read();

    /// <summary>Something was written: read the log soon.</summary>
    internal void Wake() => Do(() =>
    {
        if (_isInRound) _isWanted = true;
        else Round();
    });

    // There and back, each taking its time; the answer finds the process running, later, or not at all.
    private void Ask<T>(Func<T> transaction, Action<T> then) => _world.After(_world.Latency(), () =>
    {
        var result = transaction();
        _world.After(_world.Latency(), () => Do(() => then(result)));
    });

    private void Start()
    {
        _isInRound = true;
        var begun = Clock.Read();
        if (_mutation is Mutation.LateRegistration)
        {
            Load(() =>
            {
                Grant(begun);
                Ask(() => Register(_cursor), _ => Rest());
            });
        }
        else
        {
            Ask(() => Register(default), _ => Load(Rest));
        }
    }

    private bool Register(LogCursor cursor)
    {
        if (_mutation is Mutation.NameWithoutInstance && _database.Beat(_instance, cursor.Epoch, cursor.Seq)) return true;
        _database.Register(new NodeRow(Name, _instance, 0, cursor.Epoch, cursor.Seq));
        return true;
    }

    // Under another id: heartbeats count from the start again, and who remembers the old ones must not take the new ones for them.
    private void RegisterAnew()
    {
        if (_mutation is not Mutation.RegisteredAgainUnderItsOldId) _instance = NewInstance();
        Ask(() => Register(default), _ => Rest());
    }

    private Guid NewInstance() => _mutation is Mutation.NameWithoutInstance ? new Guid(Name.PadLeft(32, '0')) : _world.NewGuid();

    private void Load(Action then) => Ask(() => _database.Read(default), read =>
    {
        (_identity, _identitySince) = (read.View.Database, Clock.Read());
        Take(read.View, read.After);
        then();
    });

    private void Grant(ClockReading begun)
    {
        Lease.Beat(begun);
        Lease.BeatReturned(foundRow: true);
        Lease.Read();
        Lease.ReadApplied();
    }

    private void Rest()
    {
        _isInRound = false;
        if (_isWanted) Round();
        else _world.After(Clock.TrueTime(Terms.Duration / 3), () => Do(() =>
        {
            if (!_isInRound) Round();
        }));
    }

    private void Round()
    {
        (_isInRound, _isWanted) = (true, false);
        if (_world.Likely(0.1))
        {
            _world.After(_world.Between(100, 5000), () => Do(Rest)); // Cut off from the database: it goes on answering while it may.
            return;
        }
        Lease.Beat(Clock.Read());
        var (acknowledged, instance) = (_cursor, _instance);
        if (_mutation is Mutation.OneTransaction)
        {
            Ask(() => _database.Read(acknowledged), read => Ask(() => _database.Beat(instance, acknowledged.Epoch, acknowledged.Seq), isThere =>
            {
                Lease.BeatReturned(isThere);
                if (!isThere) RegisterAnew();
                else
                {
                    Lease.Read();
                    Apply(read.View, read.After);
                }
            }));
            return;
        }
        Ask(() => _database.Beat(instance, acknowledged.Epoch, acknowledged.Seq), isThere =>
        {
            if (_mutation is Mutation.DeadlineFromTheReply) Lease.Beat(Clock.Read());
            Lease.BeatReturned(isThere);
            if (!isThere)
            {
                RegisterAnew();
                return;
            }
            Lease.Read();
            var cursor = _cursor;
            Ask(() => _database.Read(cursor), read =>
            {
                if (_mutation is Mutation.DeadlineFromTheReply) Grant(Clock.Read());
                Apply(read.View, read.After);
            });
        });
    }

    private void Apply(LogView view, IReadOnlyList<SimulatedDatabase.Row> after)
    {
        var isOther = !view.Continues(_cursor) || view.Database != _identity;
        if (isOther && _mutation is not Mutation.CursorWithoutEpoch)
        {
            Lease.End();
            _cache.Clear();
            (_identity, _identitySince) = (view.Database, Clock.Read());
            Guid? old = view.Head.Epoch == _cursor.Epoch ? view.Head.Epoch : null;
            var revoked = _memory.Keys.ToArray();
            _cursor = default; // With the cache, in one step: a record that is being read now belongs to the old epoch.
            Ask(() => _database.BeginEpoch(old, revoked), epoch =>
            {
                Move(LogCursor.Start(epoch));
                Round();
            });
            return;
        }
        Take(view, after);
        if (_mutation is Mutation.DeadlineFromTheReply) Grant(Clock.Read());
        else Lease.ReadApplied();
        var (acknowledged, instance) = (_cursor, _instance);
        _world.After(_world.Latency(), () => _database.Acknowledge(instance, acknowledged.Epoch, acknowledged.Seq));
        Rest();
    }

    private void Take(LogView view, IReadOnlyList<SimulatedDatabase.Row> after)
    {
        foreach (var row in after) _memory[row.Token] = row.Seq;
        Move(_mutation is Mutation.CursorWithoutEpoch && view.Head.Seq < _cursor.Seq ? _cursor : view.Head);
        foreach (var row in after) _recent.Add(row.Seq, row.Id);
    }
}
