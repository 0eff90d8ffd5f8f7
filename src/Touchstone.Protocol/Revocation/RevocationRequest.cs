using Touchstone.Protocol.Forms;

namespace Touchstone.Protocol.Revocation;

/// <summary>The parameters of a revocation request (RFC 7009 §2.1). It points into the form and is not copied.</summary>
public readonly ref struct RevocationRequest
{
    private RevocationRequest(ReadOnlySpan<byte> token) => Token = token;

    /// <summary>The token as it was sent.</summary>
    public ReadOnlySpan<byte> Token { get; }

    /// <summary>Takes the token; fails when there is none. <c>token_type_hint</c> has no influence: one key finds every kind (RFC 7009 §2.1).</summary>
    public static bool TryRead(OAuthForm form, out RevocationRequest request)
    {
        request = new RevocationRequest(form["token"u8]);
        return !request.Token.IsEmpty;
    }
}
