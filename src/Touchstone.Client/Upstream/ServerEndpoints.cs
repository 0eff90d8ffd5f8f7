namespace Touchstone.Client.Upstream;

/// <summary>Where the server is asked.</summary>
/// <param name="Introspection">About tokens; null where only its keys are of interest.</param>
/// <param name="Feed">About revocations; null where it has no feed.</param>
/// <param name="Batch">About many tokens at once; null where it can't be.</param>
/// <param name="Token">For a token of the caller's own; null where it is not known.</param>
/// <param name="Issuer">The issuer, as the server itself writes it; null where it was not asked.</param>
/// <param name="Keys">For the keys that it signs with; null where it is not known.</param>
internal sealed record ServerEndpoints(Uri? Introspection, Uri? Feed, Uri? Batch = null, Uri? Token = null, string? Issuer = null, Uri? Keys = null);
