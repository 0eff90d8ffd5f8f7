using System.Buffers;

namespace Touchstone.Client.Upstream;

/// <summary>Reads a body that may not be larger than said: no server, and nobody who plays one, fills this process.</summary>
internal static class BoundedReading
{
    /// <summary>The body; null where it is too large.</summary>
    internal static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpContent content, int most, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > most) return null;
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(most, content.Headers.ContentLength ?? 4096) + 1);
        try
        {
            var filled = 0;
            while (true)
            {
                var count = await stream.ReadAsync(buffer.AsMemory(filled), cancellationToken);
                if (count == 0) return buffer.AsSpan(0, filled).ToArray();
                filled += count;
                if (filled > most) return null;
                if (filled < buffer.Length) continue;
                var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                buffer.CopyTo(larger.AsSpan());
                ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
                buffer = larger;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }
}
