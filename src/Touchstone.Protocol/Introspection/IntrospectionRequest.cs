using Touchstone.Protocol.Forms;

namespace Touchstone.Protocol.Introspection;

/// <summary>The parameters of an introspection request (RFC 7662 §2.1). It points into the form and is not copied.</summary>
public readonly ref struct IntrospectionRequest
{
    private IntrospectionRequest(ReadOnlySpan<byte> token) => Token = token;

    /// <summary>The token as it was sent.</summary>
    public ReadOnlySpan<byte> Token { get; }

    /// <summary>Takes the token; fails when there is none. <c>token_type_hint</c> has no influence: one key finds every kind (RFC 7662 §2.1).</summary>
    public static bool TryRead(OAuthForm form, out IntrospectionRequest request)
    {
        request = new IntrospectionRequest(form["token"u8]);
        return !request.Token.IsEmpty;
    }
}
