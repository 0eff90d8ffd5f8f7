namespace Touchstone.Server.TokenIssue;

/// <summary>Whether who asks for tokens has the key that a token is bound to (<c>cnf</c>).</summary>
internal static class KeyProof
{
    /// <summary>A token that is bound to no key needs no proof. The token endpoint takes no proofs yet, so a bound one is refused: what can't be proven is not.</summary>
    internal static bool IsGiven(TokenRequest request, ReadOnlyMemory<byte> confirmation)
    {
        _ = request; // Where the proof will stand.
        return confirmation.IsEmpty;
    }
}
