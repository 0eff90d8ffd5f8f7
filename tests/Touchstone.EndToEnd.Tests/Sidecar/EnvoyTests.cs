namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>samples/envoy as it is shipped. Envoy itself can't be installed here: what stands in for it reads the sample.</summary>
public sealed class EnvoyTests : SampleTests
{
    private protected override SampleProxy Proxy => SampleProxy.Envoy;
}
