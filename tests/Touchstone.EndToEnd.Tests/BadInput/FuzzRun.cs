using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.BadInput;

/// <summary>Sends bad input from several connections. Request N of a seed is the same again, whichever worker sends it.</summary>
internal sealed class FuzzRun(ServerProcess server, FuzzWorld world, int seed)
{
    private const int Workers = 6;
    private const int MaxFaults = 20;

    private readonly FormFuzz _form = new(world);
    private readonly JsonFuzz _json = new(world);
    private readonly HttpFuzz _http = new(world);
    private int _next;

    internal ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>Answers by kind and status; 0 where the connection ended without one.</summary>
    internal ConcurrentDictionary<(string Kind, int Status), int> Answers { get; } = new();

    internal Task SendAsync(int count)
    {
        var last = _next + count;
        return Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Factory.StartNew(() => Work(last), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
    }

    internal string Table()
    {
        var kinds = Answers.GroupBy(answer => answer.Key.Kind).OrderBy(kind => kind.Key);
        return string.Join('\n', kinds.Select(kind => $"{kind.Key,-12} {kind.Sum(answer => answer.Value),8}: {string.Join(", ", kind.OrderBy(answer => answer.Key.Status).Select(Cell))}"));

        static string Cell(KeyValuePair<(string Kind, int Status), int> answer) =>
            string.Create(CultureInfo.InvariantCulture, $"{(answer.Key.Status == 0 ? "none" : answer.Key.Status)} × {answer.Value}");
    }

    private void Work(int last)
    {
        using var connection = new RawConnection(new IPEndPoint(IPAddress.Loopback, server.Port));
        for (int n; (n = Interlocked.Increment(ref _next)) <= last && Faults.Count < MaxFaults;)
        {
            var request = Make(Bars.Random(seed, n));
            try
            {
                var answer = connection.Exchange(request.Bytes, request.After, request.IsHead);
                Answers.AddOrUpdate((request.Kind, answer?.Status ?? 0), 1, static (_, count) => count + 1);
                if (FuzzVerdict.Fault(request, answer, world.Marker) is { } fault) Report(n, request, $"{fault}\nanswer: {answer?.Head}\n\n{Short(answer?.Text)}");
            }
            catch (Exception error) when (error is TimeoutException or InvalidOperationException or FormatException or System.Net.Sockets.SocketException)
            {
                Report(n, request, error.Message);
            }
        }
        Interlocked.Decrement(ref _next); // What was taken and not sent.
    }

    private FuzzRequest Make(Random random) => random.Next(100) switch
    {
        < 24 => _form.Token(random),
        < 40 => _form.Body(random),
        < 50 => _form.Credentials(random),
        < 60 => _form.Grant(random),
        < 76 => _json.Body(random),
        < 79 => _json.Address(random),
        < 83 => _json.Bearer(random),
        < 89 => _http.Line(random),
        < 94 => _http.Headers(random),
        < 97 => _http.Framing(random),
        _ => _http.Bytes(random),
    };

    private static string? Short(string? text) => text?.Length > 2000 ? text[..2000] + "…" : text;

    private void Report(int n, FuzzRequest request, string fault) => Faults.Enqueue($"seed {seed}, request {n}: {fault}\nrequest: {request}\n");
}
