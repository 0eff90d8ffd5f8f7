using Touchstone.Client;

namespace Touchstone.Sidecar;

/// <summary>One authorization server, and who asks it.</summary>
/// <param name="Name">What metrics and operators call it.</param>
/// <param name="Client">Who asks it.</param>
internal sealed record Upstream(string Name, IntrospectionClient Client);
