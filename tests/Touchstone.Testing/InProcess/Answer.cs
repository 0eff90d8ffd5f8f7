using System.Text;
using System.Text.Json;

namespace Touchstone.Testing.InProcess;

/// <summary>A whole HTTP answer, however it was fetched.</summary>
public sealed record Answer(int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(Body);
            return document.RootElement.Clone();
        }
    }

    /// <summary>The values of a header, one for each line.</summary>
    public IReadOnlyList<string> All(string header) => [.. Headers.Where(h => h.Key.Equals(header, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value)];

    /// <summary>The value of a header, or null. Fails when it stands there twice.</summary>
    public string? Header(string name) => All(name).SingleOrDefault();

    /// <summary>The names of all headers but Date and Connection, in order of the alphabet.</summary>
    public IReadOnlyList<string> HeaderNames =>
        [.. Headers.Select(h => h.Key).Where(name => name is not ("Date" or "Connection")).Order(StringComparer.Ordinal)];

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var headers = response.Headers.Concat(response.Content.Headers).SelectMany(h => h.Value.Select(value => KeyValuePair.Create(h.Key, value)));
            return new Answer((int)response.StatusCode, [.. headers], await response.Content.ReadAsByteArrayAsync());
        }
    }

    public override string ToString() => $"{Status} [{string.Join("; ", Headers.Select(h => h.Key + ": " + h.Value))}] {Text}";
}
