using System.Diagnostics;
using System.Text.Json;
using Touchstone.Testing.InProcess;

namespace Touchstone.Testing.Processes;

/// <summary>
/// The real server: <c>touchstone serve</c> as a process of its own, with its data in a temporary folder and its output in files, so that not even
/// <c>kill -9</c> loses a line of it.
/// </summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private readonly ServerSetup _setup;
    private readonly TempFolder _folder = new();
    private Process? _process;

    private ServerProcess(ServerSetup setup)
    {
        _setup = setup;
        var port = setup.Port ?? Ports.Take();
        Port = port;
        Address = setup.Address ?? new Uri($"http://127.0.0.1:{port}");
        Data = setup.Data ?? _folder.File("data");
        File.WriteAllText(OutputFile, "");
        File.WriteAllText(ErrorFile, "");
        Http = ServerHttp.CreateClient(Address, setup.CertificateSha256);
        OAuth = new OAuthCalls(Http);
        Admin = new AdminSession(this);
    }

    /// <summary>Where it is asked.</summary>
    public Uri Address { get; }

    /// <summary>The port that was meant for it.</summary>
    public int Port { get; }

    /// <summary>The data folder.</summary>
    public string Data { get; }

    /// <summary>The folder in which it stands; the data folder and its output lie in it.</summary>
    public string Folder => _folder.Path;

    /// <summary>The process.</summary>
    public int ProcessId => _process!.Id;

    /// <summary>Connections to it, as many as are asked for at once. New after each restart.</summary>
    public HttpClient Http { get; private set; }

    /// <summary>Calls to the endpoints for everybody.</summary>
    public OAuthCalls OAuth { get; private set; }

    /// <summary>Calls to the admin API.</summary>
    public AdminSession Admin { get; }

    /// <summary>The file of its standard output.</summary>
    public string OutputFile => _folder.File("out.txt");

    /// <summary>The file of its standard error: the log.</summary>
    public string ErrorFile => _folder.File("err.txt");

    /// <summary>What it printed, over all restarts.</summary>
    public string Output => Read(OutputFile);

    /// <summary>What it logged, over all restarts.</summary>
    public string Error => Read(ErrorFile);

    /// <summary>The administrator's credentials.</summary>
    public TestClient AdminClient => _setup.Administrator ?? ClientOf(ReadJson("admin.json"));

    /// <summary>What <c>--demo</c> wrote.</summary>
    public JsonElement DemoJson => ReadJson("demo.json");

    /// <summary>The resource server of the demo.</summary>
    public TestClient DemoResourceServer => ClientOf(DemoJson.GetProperty("resource_server"));

    /// <summary>The client of the demo.</summary>
    public TestClient DemoClient => ClientOf(DemoJson.GetProperty("client"));

    /// <summary>The token of the demo.</summary>
    public string DemoToken => DemoJson.GetProperty("access_token").GetString()!;

    /// <summary>Whether the process runs.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Starts a server and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(ServerSetup? setup = null)
    {
        var server = new ServerProcess(setup ?? ServerSetup.Usual);
        try
        {
            server.Begin();
            await server.ReadyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a server and waits for nothing.</summary>
    public static ServerProcess Begin(ServerSetup? setup)
    {
        var server = new ServerProcess(setup ?? ServerSetup.Usual);
        server.Begin();
        return server;
    }

    /// <summary>Starts the process again, with the same folder, port and arguments, and more of them.</summary>
    public void Begin(params string[] more)
    {
        if (IsRunning) throw new InvalidOperationException("it still runs");
        _process?.Dispose();
        string[] urls = _setup.Urls is { } given ? given.Length == 0 ? [] : ["--urls", given] : ["--urls", Address.GetLeftPart(UriPartial.Authority)];
        IReadOnlyList<string> command = _setup.Line ?? [TouchstoneBinary.Path, "serve", "--data", Data, .. urls, .. _setup.Arguments, .. more];
        // The shell opens the files and then becomes the server, so the process that is known here is the server itself.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "out=$1 err=$2; shift 2; exec \"$@\" >>\"$out\" 2>>\"$err\" </dev/null", "sh", OutputFile, ErrorFile, .. command])
        {
            WorkingDirectory = _setup.Folder ?? _folder.Path,
        };
        ChildEnvironment.Prepare(start.Environment, _setup.Environment);
        if (TestStore.IsPostgres && start.Environment.TryAdd(TestStore.Setting, TestStore.ConnectionAsync(Data).GetAwaiter().GetResult())) start.Environment.TryAdd(TestStore.PatienceSetting, TestStore.Patience.ToString());
        _process = Process.Start(start)!;
    }

    /// <summary>Waits until <c>/health/ready</c> answers 200.</summary>
    public Task ReadyAsync() => Until.TrueAsync(
        async () =>
        {
            if (!IsRunning) throw new InvalidOperationException($"The server ended with exit code {_process!.ExitCode}:\n{Error}");
            return await ServerHttp.IsReadyAsync(Http);
        },
        $"{Address} is ready");

    /// <summary>Starts the process again and waits until it is ready.</summary>
    public async Task RestartAsync(params string[] more)
    {
        if (IsRunning) await TerminateAsync();
        Http.Dispose();
        Http = ServerHttp.CreateClient(Address, _setup.CertificateSha256);
        OAuth = new OAuthCalls(Http);
        Begin(more);
        await ReadyAsync();
    }

    /// <summary><c>kill -9</c>, and waits for the end.</summary>
    public Task Kill9Async() => EndAsync(Signals.Kill);

    /// <summary>SIGTERM, and waits for the end; gives the exit code.</summary>
    public Task<int> TerminateAsync() => EndAsync(Signals.Terminate);

    /// <summary>Whether programs started here heed Ctrl-C: what a shell runs in the background ignores it, and hands that on.</summary>
    public static bool CanInterrupt => !Signals.IsIgnored(Signals.Interrupt);

    /// <summary>SIGINT, as Ctrl-C sends it, and waits for the end; gives the exit code.</summary>
    public Task<int> InterruptAsync() => EndAsync(Signals.Interrupt);

    /// <summary>SIGSTOP: it stands still.</summary>
    public void Stop() => Signals.Send(_process!, Signals.Stop);

    /// <summary>SIGCONT: it goes on.</summary>
    public void Continue() => Signals.Send(_process!, Signals.Continue);

    /// <summary>Waits until it ends by itself; gives the exit code.</summary>
    public async Task<int> ExitedAsync()
    {
        using var patience = new CancellationTokenSource(Until.Deadline, TimeProvider.System);
        await _process!.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
        {
            Signals.Send(_process!, Signals.Kill);
            await ExitedAsync();
        }
        _process?.Dispose();
        Http.Dispose();
        _folder.Dispose();
    }

    private async Task<int> EndAsync(int signal)
    {
        Signals.Send(_process!, signal);
        return await ExitedAsync();
    }

    private JsonElement ReadJson(string name) => JsonElement.Parse(File.ReadAllBytes(Path.Combine(Data, name)));

    private static TestClient ClientOf(JsonElement json) => new(json.GetProperty("client_id").GetString()!, json.GetProperty("client_secret").GetString()!);

    private static string Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }
}
