namespace Touchstone.Sidecar.Opa;

/// <summary>The Open Policy Agent that has the last word where a rule says so.</summary>
/// <param name="Url">The document that is asked for, under <c>/v1/data/</c>.</param>
/// <param name="Timeout">How long its answer is waited for.</param>
/// <param name="IsOpen">Whether a request passes while it is out of reach.</param>
/// <param name="MaxConnections">How many connections are kept at most; as many questions are under way at once.</param>
/// <param name="Headers">The headers that its answers may set.</param>
internal sealed record OpaConfig(Uri Url, TimeSpan Timeout, bool IsOpen, int MaxConnections, IReadOnlyList<string> Headers)
{
    internal const string DataApi = "/v1/data/";

    /// <summary>The URL of a document of the same agent; an empty path is that of <see cref="Url"/>.</summary>
    internal Uri UrlOf(string path)
    {
        if (path.Length == 0) return Url;
        var start = Url.AbsolutePath.IndexOf(DataApi, StringComparison.Ordinal);
        return new Uri(Url, Url.AbsolutePath[..(start + DataApi.Length)] + path);
    }
}
