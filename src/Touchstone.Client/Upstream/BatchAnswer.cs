using System.Runtime.InteropServices;
using System.Text.Json;

namespace Touchstone.Client.Upstream;

/// <summary>The body of an answer about several tokens: <c>results</c>, and for followers <c>tags</c>, one of each for a token.</summary>
internal static class BatchAnswer
{
    /// <summary>Judges one answer: its text, As-Of, and its tags as the header would have them.</summary>
    internal delegate UpstreamAnswer Judging(ReadOnlyMemory<byte> json, string? asOf, string? tags);

    /// <summary>Splits it; null where it is no such answer. A result that can't be understood is the fault of its own token; of tags that can't be, the answer is not kept as a followed one.</summary>
    internal static IReadOnlyList<UpstreamAnswer>? Split(ReadOnlyMemory<byte> body, int count, string? asOf, Judging judge)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (One(document.RootElement, "results") is not { ValueKind: JsonValueKind.Array } results || results.GetArrayLength() != count) return null;
            var tags = One(document.RootElement, "tags") is { ValueKind: JsonValueKind.Array } told && told.GetArrayLength() == count ? told : (JsonElement?)null;
            var answers = new UpstreamAnswer[count];
            // Each has a text of its own: what is kept of one keeps nothing of the others.
            for (var i = 0; i < count; i++) answers[i] = judge(JsonMarshal.GetRawUtf8Value(results[i]).ToArray(), asOf, Tags(tags?[i]));
            return answers;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            return null; // The reader has no other way to say it.
        }
    }

    // A member that stands twice is understood by two readers in two ways.
    private static JsonElement? One(JsonElement answer, string name)
    {
        if (answer.ValueKind is not JsonValueKind.Object) return null;
        JsonElement? found = null;
        foreach (var member in answer.EnumerateObject())
        {
            if (!member.NameEquals(name)) continue;
            if (found is not null) return null;
            found = member.Value;
        }
        return found;
    }

    private static string? Tags(JsonElement? tags) =>
        tags is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(tag => tag.ValueKind is JsonValueKind.String) ? string.Join(' ', list.EnumerateArray().Select(tag => tag.GetString())) : null;
}
