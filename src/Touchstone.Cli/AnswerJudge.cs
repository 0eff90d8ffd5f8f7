using System.Text.Json;

namespace Touchstone.Cli;

/// <summary>Judges an HTTP answer. Pure: <see cref="Wire"/> does the talking.</summary>
internal static class AnswerJudge
{
    internal static Outcome<JsonElement> Judge(int status, string server, byte[] body, string option = "--server")
    {
        var json = Parse(body);
        return status switch
        {
            >= 200 and < 300 when json is { } answer => answer,
            >= 200 and < 300 => Stranger(status, server, option),
            >= 300 and < 400 => Elsewhere(status, server, option),
            >= 500 => Faulty(status, json),
            // Touchstone explains each 404 of its own, so a bare one comes from another server or from a proxy.
            404 or 405 or 407 when json is null => Stranger(status, server, option),
            _ => Refused(status, json),
        };
    }

    private static Failure Refused(int status, JsonElement? json)
    {
        var detail = Describe(json) ?? $"the server answered {status} without saying why";
        if (Text(json, "error") is { } error)
            return new Failure(ExitCodes.Refused, error, detail) { Status = status, IsOAuth = true };

        return new Failure(ExitCodes.Refused, Code(status), detail) { Status = status, Errors = Errors(json) };
    }

    private static Failure Faulty(int status, JsonElement? json)
    {
        var detail = Describe(json) is { } reason ? $"the server answered {status}: {reason}" : $"the server answered {status}; try again, or look at its log";
        return new Failure(ExitCodes.Unreachable, Text(json, "error") ?? "server_error", detail) { Status = status };
    }

    private static Failure Elsewhere(int status, string server, string option) =>
        Failure.Unreachable($"{server} answered {status} and points elsewhere: give the final address with {option}") with { Status = status };

    private static Failure Stranger(int status, string server, string option) =>
        Failure.Unreachable($"{server} answered {status} but not as Touchstone does: is {option} right?") with { Status = status };

    private static string? Describe(JsonElement? json)
    {
        var text = Text(json, "error_description") ?? Text(json, "detail") ?? Text(json, "title") ?? Text(json, "error");
        if (Errors(json) is not { } errors) return text;

        var faults = errors.EnumerateArray().Select(fault => Text(fault, "member") is { } member ? $"{member}: {Text(fault, "detail")}" : Text(fault, "detail")).Where(fault => fault != text);
        return $"{text} ({string.Join("; ", faults)})";
    }

    private static JsonElement? Errors(JsonElement? json) =>
        json is { ValueKind: JsonValueKind.Object } answer && answer.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0
            ? errors : null;

    private static string Code(int status) => status switch
    {
        400 => "invalid_request",
        401 => "unauthorized",
        403 => "access_denied",
        404 => "not_found",
        409 => "conflict",
        429 => "rate_limit_exceeded",
        _ => "refused",
    };

    private static string? Text(JsonElement? json, string member) =>
        json is { ValueKind: JsonValueKind.Object } answer && answer.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;

    private static JsonElement? Parse(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
