using System.Text.Json;
using Touchstone.Client;

namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>One real server, whose tokens APIs of this process take.</summary>
public sealed class AskingFixture : IAsyncLifetime
{
    internal const string Audience = "https://api.asking.example";
    private const int AtOnce = 1000;

    private TestClient _caller = null!;
    private TestClient _owner = null!;

    internal ServerProcess Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await ServerProcess.StartAsync(new ServerSetup { Environment = ServerSetup.NoLimits });
        _caller = await Server.Admin.AddResourceServerAsync("asking-api", Audience);
        _owner = await Server.Admin.AddClientAsync("asking-app", Audience);
    }

    // There is none when it did not start.
    public ValueTask DisposeAsync() => Server?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>New tokens, all active.</summary>
    internal async Task<AskedToken[]> IssueAsync(int count)
    {
        var tokens = new List<AskedToken>();
        while (tokens.Count < count)
        {
            var issued = await Server.Admin.PostAsync("/admin/tokens", Enumerable.Range(0, Math.Min(AtOnce, count - tokens.Count)).Select(_ => new { client_id = _owner.Id, aud = Audience }));
            tokens.AddRange(issued.Json.EnumerateArray().Select(token => new AskedToken(token.GetProperty("token").GetString()!)));
        }
        return [.. tokens];
    }

    /// <summary>Revokes one, and notes when the 200 was read.</summary>
    internal async Task RevokeAsync(AskedToken token)
    {
        token.Ask();
        var answer = await Server.Admin.PostAsync("/admin/revocations", new { token = token.Value });
        if (answer.Status != 200) throw new InvalidOperationException(answer.ToString());
        token.Acknowledge();
    }

    /// <summary>Who asks, and where: the introspection endpoint and the feed may lie behind different proxies. Without the feed what was answered is used for a while.</summary>
    internal void Configure(TokenIntrospectionOptions options, Uri introspection, Uri? feed)
    {
        (options.ClientId, options.ClientSecret) = (_caller.Id, _caller.Secret);
        options.IntrospectionEndpoint = new Uri(introspection, OAuthCalls.Introspect);
        options.FeedEndpoint = feed is null ? null : new Uri(feed, "/feed");
    }
}
