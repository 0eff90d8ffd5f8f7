using System.Text.Json;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.TokenIssue.Refresh;

/// <summary>
/// To what key a refresh token is bound. One of a public client is good with its key only; one of a confidential client is bound to that client, which proves itself anyhow, and to no key (RFC 9449 §5, RFC 8705 §4).
/// </summary>
internal static class RefreshBinding
{
    /// <summary>Whether a refresh token with this <c>cnf</c> is accepted beside what was proven with the request, both JSON or empty. In doubt it is not.</summary>
    internal static bool Allows(ReadOnlyMemory<byte> bound, bool isPublic, ReadOnlyMemory<byte> presented)
    {
        if (!isPublic || bound.IsEmpty) return true;
        if (presented.IsEmpty) return false;
        using var binding = JsonDocument.Parse(bound);
        using var proof = JsonDocument.Parse(presented);
        if (!TokenConfirmation.Read(binding.RootElement).IsUnderstood || !TokenConfirmation.Read(proof.RootElement).IsUnderstood) return false;
        // A token that is bound to both a certificate and a key needs both.
        return binding.RootElement.EnumerateObject().All(member => proof.RootElement.TryGetProperty(member.Name, out var proven) && proven.ValueEquals(member.Value.GetString()));
    }

    /// <summary>To what the next refresh token is bound: as this one; one of a public client that is bound to nothing yet, to what was proven.</summary>
    internal static ReadOnlyMemory<byte> Next(ReadOnlyMemory<byte> bound, bool isPublic, ReadOnlyMemory<byte> presented) => bound.IsEmpty && isPublic ? presented : bound;
}
