using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.ClientAuth;

/// <summary>Sees to it that an assertion is used once (RFC 7523 §3 (7)), whatever runs at the same time and across restarts: its <c>jti</c> is on the disk before it counts.</summary>
internal sealed class AssertionUses(ICallerStore store, ILogger<AssertionUses> logger, TimeProvider time)
{
    private const int Batch = 512;

    private static readonly TimeSpan BetweenCleanings = TimeSpan.FromMinutes(1);

    private long _cleaned = time.GetTimestamp();

    /// <summary>Whether this is the first use.</summary>
    internal async ValueTask<bool> TryUseAsync(ClientAssertion assertion)
    {
        var isFirst = await store.UseAssertionAsync(Key(assertion), ClientAssertionRules.ForgetAfter(assertion.ExpiresAt));
        var last = Volatile.Read(ref _cleaned);
        // Whoever wins the exchange cleans; nobody waits for it.
        if (time.GetElapsedTime(last) >= BetweenCleanings && Interlocked.CompareExchange(ref _cleaned, time.GetTimestamp(), last) == last) _ = CleanAsync();
        return isFirst;
    }

    /// <summary>Forgets what has expired, in batches that other writes come between.</summary>
    internal async Task CleanAsync()
    {
        try
        {
            while (await store.ForgetAssertionsAsync(time.GetUtcNow().ToUnixTimeSeconds(), Batch) == Batch)
            {
            }
        }
        catch (StoreException failed)
        {
            logger.CleaningFailed(failed);
        }
    }

    // Client and jti, each of them known by its length.
    private static byte[] Key(ClientAssertion assertion)
    {
        var client = Encoding.UTF8.GetBytes(assertion.ClientId);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, client.Length);
        return SHA256.HashData([.. length, .. client, .. Encoding.UTF8.GetBytes(assertion.Id)]);
    }
}
