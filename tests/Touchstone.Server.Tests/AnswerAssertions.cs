using System.Text.Json;

namespace Touchstone.Server.Tests;

/// <summary>What whole answers have to be: status, every header, exact body.</summary>
internal static class AnswerAssertions
{
    internal const string BasicChallenge = "Basic realm=\"touchstone\", charset=\"UTF-8\"";
    internal const string Inactive = "{\"active\":false}";

    private static readonly string[] Security = ["Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options", "X-Request-ID"];
    private static readonly string[] Usual = ["Cache-Control", "Content-Length", "Content-Type", "Pragma", .. Security];

    /// <summary>JSON that no cache keeps, of the length it says, with no header but these and the usual ones.</summary>
    internal static Answer ShouldBeJson(this Answer answer, int status, params string[] moreHeaders)
    {
        answer.Status.ShouldBe(status, answer.ToString());
        answer.HeaderNames.ShouldBe([.. Usual.Concat(moreHeaders).Order(StringComparer.Ordinal)], answer.ToString());
        answer.Header("Content-Type").ShouldBe("application/json");
        return answer.ShouldNotBeKept();
    }

    internal static Answer ShouldNotBeKept(this Answer answer)
    {
        answer.ShouldBeGuarded();
        answer.Header("Cache-Control").ShouldBe("no-store");
        answer.Header("Pragma").ShouldBe("no-cache");
        answer.Header("Content-Length").ShouldBe(answer.Body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return answer;
    }

    /// <summary>What every answer tells a browser.</summary>
    internal static Answer ShouldBeGuarded(this Answer answer)
    {
        answer.Header("X-Content-Type-Options").ShouldBe("nosniff", answer.ToString());
        answer.Header("Referrer-Policy").ShouldBe("no-referrer");
        answer.Header("Content-Security-Policy").ShouldBe("default-src 'none'; frame-ancestors 'none'");
        return answer;
    }

    internal static void ShouldBeInactive(this Answer answer) => answer.ShouldBeJson(200).Text.ShouldBe(Inactive);

    internal static JsonElement ShouldBeActive(this Answer answer)
    {
        var json = answer.ShouldBeJson(200).Json;
        json.GetProperty("active").ValueKind.ShouldBe(JsonValueKind.True, answer.ToString());
        return json;
    }

    /// <summary>200 and nothing.</summary>
    internal static void ShouldBeEmpty(this Answer answer)
    {
        answer.Status.ShouldBe(200, answer.ToString());
        answer.HeaderNames.ShouldBe([.. Usual.Except(["Content-Type"]).Order(StringComparer.Ordinal)]);
        answer.ShouldNotBeKept().Body.ShouldBeEmpty();
    }

    /// <summary>RFC 6749 §5.2, with the header that the status asks for.</summary>
    internal static Answer ShouldBeError(this Answer answer, int status, string error, string? description = null)
    {
        string[] more = status switch { 401 => ["WWW-Authenticate"], 405 => ["Allow"], 415 => ["Accept"], 429 or 503 => ["Retry-After"], _ => [] };
        var json = answer.ShouldBeJson(status, more).Json;
        json.EnumerateObject().Select(member => member.Name).ShouldBe(["error", "error_description"]);
        json.GetProperty("error").GetString().ShouldBe(error, answer.ToString());
        if (description is not null) json.GetProperty("error_description").GetString().ShouldBe(description);
        if (status == 401) answer.Header("WWW-Authenticate").ShouldBe(BasicChallenge);
        if (status == 405) answer.Header("Allow").ShouldBe("POST");
        if (status == 415) answer.Header("Accept").ShouldBe("application/x-www-form-urlencoded");
        if (status == 503) answer.Header("Retry-After").ShouldBe("1");
        return answer;
    }

    /// <summary>RFC 9457.</summary>
    internal static JsonElement ShouldBeProblem(this Answer answer, int status, string? detail = null)
    {
        answer.Status.ShouldBe(status, answer.ToString());
        answer.Header("Content-Type").ShouldBe("application/problem+json");
        answer.ShouldNotBeKept();
        string[] more = status switch { 401 or 403 => ["WWW-Authenticate"], 405 => ["Allow"], 429 or 503 => ["Retry-After"], _ => [] };
        answer.HeaderNames.Except(["WWW-Authenticate"]).ShouldBe([.. Usual.Concat(more).Except(["WWW-Authenticate"]).Order(StringComparer.Ordinal)], answer.ToString());
        var json = answer.Json;
        json.GetProperty("type").GetString().ShouldBe("about:blank");
        json.GetProperty("status").GetInt32().ShouldBe(status);
        json.GetProperty("title").GetString().ShouldNotBeNullOrEmpty();
        if (detail is not null) json.GetProperty("detail").GetString().ShouldBe(detail, answer.ToString());
        return json;
    }

    /// <summary>The members and indexes that a problem names, as <c>index.member</c> or <c>member</c>.</summary>
    internal static string[] Faults(this JsonElement problem) =>
        problem.TryGetProperty("errors", out var errors)
            ? [.. errors.EnumerateArray().Select(error => (error.TryGetProperty("index", out var index) ? index.GetInt32() + "." : "") + (error.TryGetProperty("member", out var member) ? member.GetString() : ""))]
            : [];

    /// <summary>What tells two answers apart, whatever the time.</summary>
    internal static string Shape(this Answer answer) =>
        answer.Status + "\n" + string.Join('\n', answer.Headers.Where(h => h.Key is not ("Date" or "X-Request-ID")).Select(h => $"{h.Key}: {h.Value}")) + "\n\n" + answer.Text;
}
