using System.Text.Json.Nodes;

namespace Touchstone.Cli;

/// <summary>Values that request bodies share.</summary>
internal static class Requests
{
    // The constructor, since a collection expression would bind to the generic Add, which needs reflection.
    internal static JsonArray Array(string[]? values) => new([.. (values ?? []).Select(JsonNode? (value) => JsonValue.Create(value))]);

    /// <summary>Scopes may come one by one or as one text; on the wire they are one text with single spaces.</summary>
    internal static string Scope(string[]? values) =>
        string.Join(' ', (values ?? []).SelectMany(value => value.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
}
