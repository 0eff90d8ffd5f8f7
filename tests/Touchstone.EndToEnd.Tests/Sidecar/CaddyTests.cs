namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>samples/caddy as it is shipped, with real Caddy.</summary>
public sealed class CaddyTests(CaddyUnderTest proxy) : ProxyRules<CaddyUnderTest>(proxy);
