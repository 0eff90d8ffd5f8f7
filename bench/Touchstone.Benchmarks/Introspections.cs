using System.Text;

namespace Touchstone.Benchmarks;

/// <summary>Asks about tokens one by one, as a caller of a file that <see cref="Prepare"/> wrote.</summary>
internal sealed class Introspections : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _authorization;

    internal Introspections(Uri server, string file)
    {
        _http = new HttpClient { BaseAddress = server };
        var lines = File.ReadAllLines(file);
        _authorization = lines[0];
        Tokens = [.. lines.Where(line => !line.StartsWith("Basic ", StringComparison.Ordinal))];
    }

    internal IReadOnlyList<string> Tokens { get; }

    internal async Task<bool> IsActiveAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "oauth/introspect") { Content = new StringContent("token=" + token, Encoding.ASCII, "application/x-www-form-urlencoded") };
        request.Headers.TryAddWithoutValidation("Authorization", _authorization);
        using var answer = (await _http.SendAsync(request)).EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync() switch
        {
            "{\"active\":false}" => false,
            var body when body.StartsWith("{\"active\":true,", StringComparison.Ordinal) => true,
            var body => throw new HttpRequestException("no answer of introspection: " + body),
        };
    }

    /// <summary>How many of all tokens are active.</summary>
    internal async Task<int> CountActiveAsync()
    {
        var active = 0;
        await Parallel.ForEachAsync(Tokens, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (token, _) =>
        {
            if (await IsActiveAsync(token)) Interlocked.Increment(ref active);
        });
        return active;
    }

    public void Dispose() => _http.Dispose();
}
