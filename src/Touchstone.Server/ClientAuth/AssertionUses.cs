using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Storage;

namespace Touchstone.Server.ClientAuth;

/// <summary>Sees to it that an assertion is used once (RFC 7523 §3 (7)), whatever runs at the same time and across restarts: its <c>jti</c> is on the disk before it counts.</summary>
internal sealed class AssertionUses(ICallerStore store)
{
    /// <summary>Whether this is the first use.</summary>
    internal ValueTask<bool> TryUseAsync(ClientAssertion assertion) => new(store.UseAssertionAsync(Key(assertion), ClientAssertionRules.ForgetAfter(assertion.ExpiresAt)));

    // Client and jti, each of them known by its length.
    private static byte[] Key(ClientAssertion assertion)
    {
        var client = Encoding.UTF8.GetBytes(assertion.ClientId);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, client.Length);
        return SHA256.HashData([.. length, .. client, .. Encoding.UTF8.GetBytes(assertion.Id)]);
    }
}
