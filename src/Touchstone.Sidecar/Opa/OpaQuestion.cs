using System.Buffers;
using System.Text.Json;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Opa;

/// <summary>What the agent is told of a request: what the server says of the token, method, host, path and rule. Never the token, the query or a header.</summary>
/// <param name="Rule">The rule that lets it pass.</param>
/// <param name="Method">The method.</param>
/// <param name="Host">The host, as rules compare it.</param>
/// <param name="Path">The path, as rules compare it.</param>
/// <param name="Claims">What the server says of the token.</param>
internal readonly record struct OpaQuestion(Rule Rule, string Method, string Host, RequestPath Path, JsonElement Claims)
{
    internal ReadOnlyMemory<byte> Write()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("input"u8);
            json.WriteString("rule"u8, Rule.Name);
            json.WriteStartObject("request"u8);
            json.WriteString("method"u8, Method);
            json.WriteString("host"u8, Host);
            json.WriteStartArray("path"u8);
            foreach (var segment in Path.Segments) json.WriteStringValue(segment);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WritePropertyName("introspection"u8);
            Claims.WriteTo(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }
}
