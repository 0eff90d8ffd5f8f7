using Touchstone.Client.Upstream;

namespace Touchstone.Client.Authentication;

/// <summary>The server to which a caller proves itself.</summary>
/// <param name="Discovery">Where its endpoints are, and what its issuer is.</param>
/// <param name="Http">What sends.</param>
/// <param name="Time">The clock.</param>
internal sealed record AskedServer(Discovery Discovery, HttpClient Http, TimeProvider Time);
