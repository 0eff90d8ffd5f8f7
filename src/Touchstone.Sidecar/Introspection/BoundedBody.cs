using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Touchstone.Sidecar.Introspection;

/// <summary>Reads a body that may not be larger than said.</summary>
internal static class BoundedBody
{
    /// <summary>The most bytes: 64 KiB.</summary>
    internal const int Max = 64 << 10;

    /// <summary>The body; null where it is too large, or broke off.</summary>
    internal static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int max = Max)
    {
        if (request.ContentLength > max) return null;
        var reader = request.BodyReader;
        var body = new ArrayBufferWriter<byte>();
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(request.HttpContext.RequestAborted);
                if (body.WrittenCount + read.Buffer.Length > max) return null;
                foreach (var part in read.Buffer) body.Write(part.Span);
                // Taken at once: the server holds back what comes after a megabyte that nobody took.
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) return body.WrittenMemory;
            }
        }
        catch (BadHttpRequestException)
        {
            return null;
        }
    }
}
