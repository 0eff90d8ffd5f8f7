using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Touchstone.Testing.Processes;

/// <summary>A real PostgreSQL server with a data folder and a port of its own. It refuses to run as root, so it runs as the user <c>postgres</c> then.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>The role that databases belong to: no superuser.</summary>
    public const string Role = "touchstone";

    private const int Quit = 3; // SIGQUIT: an immediate shutdown, as after a crash.

    private static readonly Lazy<Task<PostgresServer>> OfThisRun = new(StartForRunAsync);

    private readonly string _programs;
    private readonly string _folder;
    private Process? _process;
    private int _databases;

    private PostgresServer(string programs, string folder)
    {
        _programs = programs;
        _folder = folder;
        Port = Ports.Take();
    }

    /// <summary>Its port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Why there can be none; null when there can.</summary>
    public static string? Missing => OperatingSystem.IsWindows() ? "PostgreSQL is started with Unix tools" : FindPrograms() is null ? "PostgreSQL 15 or newer is not installed" : null;

    /// <summary>One server for all tests of this process. It ends with it.</summary>
    public static Task<PostgresServer> SharedAsync() => OfThisRun.Value;

    /// <summary>Makes a server of its own, for tests that stop it.</summary>
    public static async Task<PostgresServer> StartAsync()
    {
        // The folder of another user below the temporary folder, which everybody may enter.
        var folder = Directory.CreateTempSubdirectory("touchstone-postgres-").FullName;
        var server = new PostgresServer(FindPrograms() ?? throw new InvalidOperationException(Missing), folder);
        try
        {
            if (Environment.IsPrivilegedProcess) await RunAsync("chown", "postgres", folder);
            await server.RunAsUserAsync("initdb", "-D", server.Data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
            await server.BeginAsync();
            await server.ExecuteAsync($"CREATE ROLE {Role} LOGIN");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes an empty database; gives how it is reached.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}");
        await ExecuteAsync($"CREATE DATABASE {name} OWNER {Role}");
        return Connection(name, Role);
    }

    /// <summary>Runs a statement as the superuser, in the database <c>postgres</c> or another.</summary>
    public async Task ExecuteAsync(string text, string? connection = null)
    {
        await using var opened = new NpgsqlConnection((connection ?? Connection("postgres", "postgres")) + ";Pooling=false");
        await opened.OpenAsync();
        await using var command = new NpgsqlCommand(text, opened);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Gives the first value of a query.</summary>
    public static async Task<object?> ScalarAsync(string connection, string text)
    {
        await using var opened = new NpgsqlConnection(connection + ";Pooling=false");
        await opened.OpenAsync();
        await using var command = new NpgsqlCommand(text, opened);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Starts it, and waits until it takes connections.</summary>
    public async Task BeginAsync()
    {
        // In the foreground and so in the process group of the tests: whoever ends a broken run ends it too. Not on the disk: what is tested is killed, not the machine.
        string[] line =
        [
            Program("postgres"), "-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-k", Data, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=400",
            "-c", "shared_buffers=64MB", "-c", "log_min_messages=fatal",
        ];
        _process = Process.Start(Start(line))!;
        _ = _process.StandardError.ReadToEndAsync();
        await Until.TrueAsync(async () => await AnswersAsync(), "PostgreSQL takes connections");
    }

    /// <summary>Starts what receives the log as a standby does, under this name. Whoever asked for it ends it.</summary>
    public async Task<Process> ReceiveAsync(string name)
    {
        var folder = Path.Combine(_folder, name);
        Directory.CreateDirectory(folder);
        if (Environment.IsPrivilegedProcess) await RunAsync("chown", "postgres", folder);
        var process = Process.Start(Start([Program("pg_receivewal"), "-D", folder, "--synchronous", "-d", string.Create(CultureInfo.InvariantCulture, $"host=127.0.0.1 port={Port} user=postgres application_name={name}")]))!;
        _ = process.StandardError.ReadToEndAsync();
        return process;
    }

    /// <summary>Ends all connections and stops, as an administrator does (57P01).</summary>
    public Task StopAsync() => EndAsync(Signals.Interrupt);

    /// <summary>Ends at once and without a checkpoint; the next start recovers.</summary>
    public Task CrashAsync() => EndAsync(Quit);

    /// <summary>SIGSTOP for the server and each of its processes: it takes connections of the kernel's and answers nothing.</summary>
    public void Freeze()
    {
        foreach (var process in Tree()) Signals.Send(process, Signals.Stop);
    }

    /// <summary>SIGCONT for all of them.</summary>
    public void Thaw()
    {
        foreach (var process in Tree()) Signals.Send(process, Signals.Continue);
        Signals.Send(_process!, Signals.Continue); // runuser stops itself when the server does.
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            Thaw();
            await CrashAsync();
        }
        _process?.Dispose();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private string Program(string name) => Path.Combine(_programs, name);

    private string Connection(string database, string user) => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Database={database};Username={user}");

    private static async Task<PostgresServer> StartForRunAsync()
    {
        var server = await StartAsync();
        // There is a database for each test: it would look at hundreds of them all the time.
        await server.ExecuteAsync("ALTER SYSTEM SET autovacuum = off");
        await server.ExecuteAsync("SELECT pg_reload_conf()");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.DisposeAsync().AsTask().Wait(Until.Deadline);
        return server;
    }

    // The newest that is new enough: /usr/lib/postgresql/15/bin.
    private static string? FindPrograms()
    {
        const string Debian = "/usr/lib/postgresql";
        if (!Directory.Exists(Debian)) return null;
        return Directory.EnumerateDirectories(Debian).Where(folder => int.TryParse(Path.GetFileName(folder), out var version) && version >= 15 && File.Exists(Path.Combine(folder, "bin", "initdb")))
            .OrderByDescending(folder => int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)).Select(folder => Path.Combine(folder, "bin")).FirstOrDefault();
    }

    private ProcessStartInfo Start(string[] line)
    {
        string[] command = Environment.IsPrivilegedProcess ? ["runuser", "-u", "postgres", "--", .. line] : line;
        return new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, WorkingDirectory = _folder };
    }

    private async Task RunAsUserAsync(string program, params string[] arguments)
    {
        var start = Start([Program(program), .. arguments]);
        start.RedirectStandardOutput = true;
        await FinishAsync(start);
    }

    private static Task RunAsync(string program, params string[] arguments) => FinishAsync(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true });

    private static async Task FinishAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{start.FileName} failed: {error}");
    }

    private async Task<bool> AnswersAsync()
    {
        if (_process!.HasExited) throw new InvalidOperationException("PostgreSQL did not start.");
        try
        {
            await ExecuteAsync("SELECT 1");
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private async Task EndAsync(int signal)
    {
        using var server = Process.GetProcessById(ServerId());
        Signals.Send(server, signal);
        using var patience = new CancellationTokenSource(Until.Deadline, TimeProvider.System);
        await _process!.WaitForExitAsync(patience.Token);
    }

    // What was started may be runuser, whose child the server is; the server writes its own number.
    private int ServerId() => int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    private IEnumerable<Process> Tree()
    {
        var server = ServerId();
        yield return Process.GetProcessById(server);
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && ParentOf(folder) == server && TryGet(id) is { } child) yield return child;
        }
    }

    private static int ParentOf(string folder)
    {
        try
        {
            // "pid (name) state parent …": the name may hold anything, so from its end.
            var status = File.ReadAllText(Path.Combine(folder, "stat"));
            return int.Parse(status[(status.LastIndexOf(')') + 4)..].Split(' ')[0], CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static Process? TryGet(int id)
    {
        try
        {
            return Process.GetProcessById(id);
        }
        catch (ArgumentException)
        {
            return null; // It ended.
        }
    }
}
