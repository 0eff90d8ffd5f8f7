using System.Text.Json;

namespace Touchstone.EndToEnd.Tests.Crash;

/// <summary>A grant that is refreshed again and again at one node, until the node is gone.</summary>
internal sealed class RefreshLoad(ServerProcess node, TestClient app, string first)
{
    private readonly List<string> _used = [];
    private string _newest = first;
    private string? _access;
    private bool _isInFlight;

    /// <summary>How many refreshes were acknowledged.</summary>
    internal int Acknowledged => _used.Count;

    internal async Task RunAsync(Func<bool> isKilled)
    {
        try
        {
            while (true) await RefreshAsync();
        }
        catch (Exception error) when (isKilled() && (error is HttpRequestException or IOException or OperationCanceledException))
        {
            // The node was killed: that is the point.
        }
    }

    /// <summary>What another node, or the same one after its restart, says of it: nothing that was acknowledged is lost, and nothing works twice.</summary>
    internal async Task<IReadOnlyList<string>> FaultsAsync(ServerProcess asked)
    {
        var faults = new List<string>();
        if (_access is not null && !(await LookUpAsync(asked, _access)).GetProperty("active").GetBoolean()) faults.Add("lost: the newest access token that was acknowledged is inactive");
        foreach (var used in _used.TakeLast(3))
        {
            if ((await LookUpAsync(asked, used)).GetProperty("reason").GetString() is not "used" and var reason) faults.Add($"back: a refresh token that was used is {reason}");
        }
        // A refresh of which nothing was heard may have happened: then the token is used, and its answer is lost with the connection.
        var isUsed = (await LookUpAsync(asked, _newest)).GetProperty("reason").GetString() == "used";
        if (isUsed && !_isInFlight) faults.Add("torn: the newest refresh token is used, and nobody used it");
        var answer = await asked.OAuth.RefreshAsync(_newest, app);
        if (answer.Status != (isUsed ? 400 : 200)) faults.Add($"the newest refresh token that was acknowledged, {(isUsed ? "used" : "unused")}: {answer.Status}");
        // The last, since it ends the family.
        var again = await asked.OAuth.RefreshAsync(_newest, app);
        if (again.Status != 400) faults.Add($"a refresh token works twice: {again.Status}");
        if (answer.Status == 200 && (await LookUpAsync(asked, answer.Json.GetProperty("access_token").GetString()!)).GetProperty("active").GetBoolean()) faults.Add("a reuse left the family alive");
        return faults;
    }

    private async Task RefreshAsync()
    {
        _isInFlight = true;
        var answer = await node.OAuth.RefreshAsync(_newest, app);
        if (answer.Status != 200) throw new InvalidOperationException(answer.ToString());
        _used.Add(_newest);
        _newest = answer.Json.GetProperty("refresh_token").GetString()!;
        _access = answer.Json.GetProperty("access_token").GetString()!;
        _isInFlight = false;
    }

    private static async Task<JsonElement> LookUpAsync(ServerProcess asked, string token)
    {
        var answer = await asked.Admin.PostAsync("/admin/tokens/lookup", new { token });
        return answer.Status == 200 ? answer.Json : throw new InvalidOperationException(answer.ToString());
    }
}
