namespace Touchstone.Client.Upstream;

/// <summary>Where the server is asked.</summary>
/// <param name="Introspection">About tokens.</param>
/// <param name="Feed">About revocations; null where it has no feed.</param>
internal sealed record ServerEndpoints(Uri Introspection, Uri? Feed);
