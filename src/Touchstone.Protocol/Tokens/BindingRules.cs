using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Touchstone.Protocol.Tokens;

/// <summary>What became of a refresh token's binding.</summary>
/// <param name="IsAccepted">Whether who sent it proved to hold what it is bound to. If not, nothing is issued for it.</param>
/// <param name="Confirmation">To what the refresh token that takes its place is bound (<c>cnf</c>); empty: to nothing.</param>
/// <param name="Issued">To what the access token is bound that is issued beside it (<c>cnf</c>); empty: to nothing.</param>
public readonly record struct RefreshBinding(bool IsAccepted, ReadOnlyMemory<byte> Confirmation, ReadOnlyMemory<byte> Issued);

/// <summary>To what tokens are bound when they are issued, and what then has to be shown for them (RFC 8705 §3, §4; RFC 9449 §5): pure, starts from refused.</summary>
public static class BindingRules
{
    /// <summary><c>cnf</c> of a token that is bound to these; empty when there is nothing to bind it to.</summary>
    public static ReadOnlyMemory<byte> Confirm(in PresentedKeys to)
    {
        if (to.Key.IsEmpty && to.Certificate.IsEmpty) return default;
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (!to.Key.IsEmpty) json.WriteString("jkt"u8, Base64Url.EncodeToString(to.Key.Span));
            if (!to.Certificate.IsEmpty) json.WriteString("x5t#S256"u8, Base64Url.EncodeToString(to.Certificate.Span));
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }

    /// <summary>Whether all that a token is bound to was presented. What is not understood can't be; a token that is bound to nothing asks for nothing.</summary>
    /// <param name="confirmation"><c>cnf</c> of its record.</param>
    /// <param name="presented">What was presented.</param>
    public static bool IsProven(ReadOnlyMemory<byte> confirmation, in PresentedKeys presented)
    {
        if (confirmation.IsEmpty) return true;
        using var json = JsonDocument.Parse(confirmation);
        var bound = TokenConfirmation.Read(json.RootElement);
        return bound.IsUnderstood && (!bound.HasKey || bound.IsKey(presented.Key.Span)) && (!bound.HasCertificate || bound.IsCertificate(presented.Certificate.Span));
    }

    /// <summary>
    /// Judges the use of a refresh token. One that is bound is good for the holder alone, whoever its client is, and so is its successor. One that is not bound and belongs to a public client is bound to what its access tokens are
    /// bound to, from the first use on (RFC 9449 §5, RFC 8705 §4): nothing else protects it. A confidential client proves who it is each time, and may change its keys.
    /// </summary>
    /// <param name="confirmation"><c>cnf</c> of its record.</param>
    /// <param name="isPublic">Whether its client is public.</param>
    /// <param name="presented">What was presented.</param>
    /// <param name="issued"><c>cnf</c> of the access tokens that this request is issued where the refresh token adds nothing to it. What that is bound to, the access token is bound to as well: else a refresh would free it.</param>
    public static RefreshBinding JudgeRefresh(ReadOnlyMemory<byte> confirmation, bool isPublic, in PresentedKeys presented, ReadOnlyMemory<byte> issued)
    {
        if (!IsProven(confirmation, presented)) return default;
        return confirmation.IsEmpty ? new RefreshBinding(true, isPublic ? issued : default, issued) : new RefreshBinding(true, confirmation, Join(confirmation, issued, presented));
    }

    /// <summary><c>cnf</c> of what is made from two tokens, or from one and with keys of its own: all that both are bound to. Fails where that can't be held at once: two keys, two certificates, or what is not understood.</summary>
    internal static bool TryJoin(ReadOnlyMemory<byte> one, ReadOnlyMemory<byte> other, out ReadOnlyMemory<byte> joined)
    {
        joined = one.IsEmpty ? other : one;
        if (one.IsEmpty || other.IsEmpty) return true;
        using var first = JsonDocument.Parse(one);
        using var second = JsonDocument.Parse(other);
        if (!TokenConfirmation.Read(first.RootElement).TryJoin(TokenConfirmation.Read(second.RootElement), out var both)) return false;
        joined = Confirm(both);
        return true;
    }

    // All that is named was presented, and a request is issued what is bound to nothing else.
    private static ReadOnlyMemory<byte> Join(ReadOnlyMemory<byte> one, ReadOnlyMemory<byte> other, in PresentedKeys presented)
    {
        if (other.IsEmpty) return one;
        using var first = JsonDocument.Parse(one);
        using var second = JsonDocument.Parse(other);
        var (bound, also) = (TokenConfirmation.Read(first.RootElement), TokenConfirmation.Read(second.RootElement));
        return Confirm(new PresentedKeys(bound.HasKey || also.HasKey ? presented.Key : default, bound.HasCertificate || also.HasCertificate ? presented.Certificate : default));
    }
}
