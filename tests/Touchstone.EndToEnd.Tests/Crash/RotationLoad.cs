namespace Touchstone.EndToEnd.Tests.Crash;

/// <summary>One client whose secret is rotated again and again, without overlap, while everything else goes on.</summary>
internal sealed class RotationLoad(ServerProcess server, TestClient client)
{
    // The newest of the old ones: a rotation that came undone would bring them back first.
    private const int Tried = 20;

    private readonly List<string> _old = [];
    private string _secret = client.Secret!;
    private bool _isInFlight;

    /// <summary>How many rotations were acknowledged.</summary>
    internal int Rotations => _old.Count;

    internal async Task RunAsync(Func<bool> isKilled)
    {
        try
        {
            while (true) await RotateAsync();
        }
        catch (Exception error) when (isKilled() && (error is HttpRequestException or IOException or OperationCanceledException))
        {
            // The server was killed: that is the point.
        }
    }

    /// <summary>What came undone.</summary>
    internal async Task<IReadOnlyList<string>> FaultsAsync()
    {
        var faults = new List<string>();
        foreach (var old in _old.TakeLast(Tried))
        {
            if (await WorksAsync(old)) faults.Add("back: a secret that was rotated away works again");
        }
        // A rotation of which nothing was heard may have happened, with a secret that nobody knows.
        if (!_isInFlight && !await WorksAsync(_secret)) faults.Add("lost: the newest secret that was acknowledged does not work");
        if (_isInFlight) await RotateAsync();
        return faults;
    }

    private async Task RotateAsync()
    {
        _isInFlight = true;
        var answer = await server.Admin.PostAsync($"/admin/clients/{client.Id}/rotate-secret", new { overlap_seconds = 0 });
        if (answer.Status != 200) throw new InvalidOperationException(answer.ToString());
        _old.Add(_secret);
        _secret = answer.Json.GetProperty("client_secret").GetString()!;
        _isInFlight = false;
    }

    private async Task<bool> WorksAsync(string secret) => (await server.OAuth.IntrospectAsync("unknown", client with { Secret = secret })).Status switch
    {
        200 => true,
        401 => false,
        var other => throw new InvalidOperationException($"introspection answered {other}"),
    };
}
