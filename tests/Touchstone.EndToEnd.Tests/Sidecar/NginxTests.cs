namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>samples/nginx as it is shipped, with real nginx.</summary>
public sealed class NginxTests(NginxUnderTest proxy) : ProxyRules<NginxUnderTest>(proxy);
