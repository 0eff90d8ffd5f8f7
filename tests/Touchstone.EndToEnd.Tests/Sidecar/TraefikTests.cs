using System.Net;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>samples/traefik as it is shipped. Traefik itself can't be installed here: what stands in for it reads the sample.</summary>
public sealed class TraefikTests : SampleTests
{
    private protected override SampleProxy Proxy => SampleProxy.Traefik;

    private protected override HttpStatusCode WithoutSidecar => HttpStatusCode.InternalServerError;

    private protected override bool MakesPathsNormal => true;

    private protected override string AliasOfControl => "X_Forwarded_Uri: /healthz";

    // As the documentation of Traefik tells it: encoded letters are decoded, the others are in capitals, and there is no dot segment and no empty one.
    [Theory]
    [InlineData("/a/../b", "/b")]
    [InlineData("/a/%2e%2E/b", "/b")]
    [InlineData("/%61/%2f?x=%61", "/a/%2F?x=%61")]
    [InlineData("//a///b/", "/a/b/")]
    [InlineData("/..", "/")]
    [InlineData("/a/#/b", "/a/%23/b")]
    public void The_double_makes_a_path_normal(string target, string normal) => TraefikDouble.Normal(target, sanitize: true).ShouldBe(normal);
}
