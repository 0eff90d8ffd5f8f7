using Touchstone.Protocol.Revocation;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Storage;

internal static class OneRow
{
    /// <summary>Appends a single row, as most tests do.</summary>
    internal static async Task<RevocationRow> AppendAsync(this ITokenStore store, RevocationRow row) => (await store.AppendAsync([row]))[0];
}
