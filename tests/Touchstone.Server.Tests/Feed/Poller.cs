using System.Globalization;

namespace Touchstone.Server.Tests.Feed;

/// <summary>A follower as docs/feed.md tells others to write one, without a cache: it polls, and remembers where it stands.</summary>
internal sealed class Poller(HttpClient http, TestClient caller, string name = "orders-1")
{
    private int _polls;

    internal string Instance { get; } = Guid.NewGuid().ToString("N");

    /// <summary>The head of the last answer; null before the first.</summary>
    internal string? Head { get; set; }

    /// <summary>More of the header that names it.</summary>
    internal string More { get; init; } = "";

    /// <summary>Polls behind what it knows, and takes the answer where it is one.</summary>
    internal async Task<Answer> PollAsync(int wait = 0, string? after = null, string more = "")
    {
        var answer = await SendAsync(wait, after ?? Head, more);
        if (answer.Status is 200 or 410) Head = answer.Json.GetProperty("head").GetString();
        return answer;
    }

    /// <summary>Polls until it holds the place of the newest row.</summary>
    internal async Task<Poller> StartedAsync()
    {
        (await PollAsync()).Status.ShouldBe(200);
        return this;
    }

    /// <summary>The tags of the events of an answer.</summary>
    internal static string[] Tags(Answer answer) => [.. Events(answer).Select(told => told.Tag)];

    internal static (long Seq, string Tag)[] Events(Answer answer) =>
        answer.Status == 200 ? [.. answer.Json.GetProperty("events").EnumerateArray().Select(told => (told.GetProperty("seq").GetInt64(), told.GetProperty("tag").GetString()!))] : throw new InvalidOperationException(answer.ToString());

    /// <summary>Asks about a token as one that follows: what the answer lists.</summary>
    internal async Task<(Answer Answer, string[] Tags, string? AsOf)> IntrospectAsync(string token, string path = OAuthCalls.Introspect)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Content = new FormUrlEncodedContent([new("token", token)]);
        request.Headers.TryAddWithoutValidation("Authorization", caller.Basic);
        request.Headers.Add("Touchstone-Follow", "1");
        if (Head is not null) request.Headers.Add("Touchstone-After", Head);
        var answer = await Answer.ReadAsync(await http.SendAsync(request));
        return (answer, answer.Header("Touchstone-Tags")?.Split(' ') ?? [], answer.Header("Touchstone-As-Of"));
    }

    private async Task<Answer> SendAsync(int wait, string? after, string more)
    {
        var nonce = Interlocked.Increment(ref _polls).ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/feed?nonce={nonce}&wait={wait}" + (after is null ? "" : $"&after={after}") + more);
        request.Headers.TryAddWithoutValidation("Authorization", caller.Basic);
        request.Headers.TryAddWithoutValidation("Touchstone-Follower", $"{name};instance={Instance}{More}");
        var answer = await Answer.ReadAsync(await http.SendAsync(request));
        if (answer.Status == 200) answer.Json.GetProperty("nonce").GetString().ShouldBe(nonce);
        return answer;
    }
}
