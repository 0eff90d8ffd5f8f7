namespace Touchstone.Server.TokenIssue.Refresh;

/// <summary>What key was proven with a request for tokens.</summary>
internal static class PresentedProof
{
    /// <summary><c>cnf</c> of a token that would be bound to it, as JSON; empty when nothing was proven.</summary>
    internal static ReadOnlyMemory<byte> Confirmation(TokenRequest _) => default;

    /// <summary>The key as text; null when nothing was proven.</summary>
    internal static string? Key(TokenRequest request) => Confirmation(request) is { IsEmpty: false } proven ? System.Text.Encoding.UTF8.GetString(proven.Span) : null;
}
