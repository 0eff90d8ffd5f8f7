namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>What a client says of host, address and path beside the request line, and what a service may be told of them: by the proxy alone.</summary>
internal static class Forwarding
{
    internal const string Said = "X-Forwarded-Host: evil.test\nX-Forwarded-For: 10.66.6.6\nX-Forwarded-For: evil\nX-Forwarded-Proto: evil\nX-Forwarded-Port: 666\nX-Forwarded-Prefix: /evil\nForwarded: for=10.66.6.6;host=evil.test;proto=evil";

    /// <summary>The headers of <see cref="Said"/>, under names that some servers take for them.</summary>
    internal static readonly string[] Aliases = ["X_Forwarded_Host: evil.test", "x.forwarded.for: 10.66.6.6", "X_Forwarded_Prefix: /evil", "X-Forwarded_Proto: evil"];

    internal static void ShouldBeOfTheProxy(this ServiceBehind.Received request, string host, string why)
    {
        request.All("X-Forwarded-For").ShouldBe(["127.0.0.1"], why);
        request.All("X-Forwarded-Host").ShouldBe([host], why);
        request.All("X-Forwarded-Proto").ShouldBe(["http"], why);
        request.Headers.ShouldNotContain(header => header.Name != "Authorization" && (header.Value.Contains("evil", StringComparison.Ordinal) || header.Value.Contains("66", StringComparison.Ordinal)), why);
    }
}
