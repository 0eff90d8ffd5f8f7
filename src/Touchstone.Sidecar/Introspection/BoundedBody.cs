using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Touchstone.Sidecar.Introspection;

/// <summary>Reads a body that may not be larger than said.</summary>
internal static class BoundedBody
{
    /// <summary>The most bytes: 64 KiB.</summary>
    internal const int Max = 64 << 10;

    /// <summary>The body; null where it is too large, or broke off.</summary>
    internal static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request)
    {
        if (request.ContentLength > Max) return null;
        var reader = request.BodyReader;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(request.HttpContext.RequestAborted);
                if (read.Buffer.Length > Max) return null;
                if (read.IsCompleted)
                {
                    var body = read.Buffer.ToArray();
                    reader.AdvanceTo(read.Buffer.End);
                    return body;
                }
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (BadHttpRequestException)
        {
            return null;
        }
    }
}
