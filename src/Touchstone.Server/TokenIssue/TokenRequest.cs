using System.Text;
using Touchstone.Protocol.DPoP;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;

namespace Touchstone.Server.TokenIssue;

/// <summary>A request to the token endpoint whose client is known.</summary>
internal sealed class TokenRequest(FormExchange exchange, Client client, long born, Guid epoch)
{
    internal FormExchange Exchange { get; } = exchange;

    internal Client Client { get; } = client;

    /// <summary>The state of the log before anything was judged: a row that comes between judging and writing ends what is issued (design.md §3, 2).</summary>
    internal long Born { get; } = born;

    /// <summary>The life of the log that <see cref="Born"/> is of.</summary>
    internal Guid Epoch { get; } = epoch;

    /// <summary>What was proven to be held: the key of a DPoP proof, the certificate of the connection. Of use for what is bound already; to what a new token is bound is <see cref="Confirmation"/>.</summary>
    internal PresentedKeys Presented { get; set; }

    /// <summary>To what the tokens of this request are bound: <c>cnf</c> of their records (RFC 7800); empty where they are bound to nothing.</summary>
    internal ReadOnlyMemory<byte> Confirmation { get; set; }

    /// <summary>The proof that was found good and is to be used up yet (<see cref="TokenBinding.UseProofAsync"/>): by the grant, once it knows that the token is this client's. Null where there is none.</summary>
    internal DPoPProof? UnusedProof { get; set; }

    /// <summary>The thumbprint of the key of a DPoP proof that was found good; empty without one.</summary>
    internal ReadOnlyMemory<byte> ProofKey => Presented.Key;

    /// <summary>The same as text, by which a use is known again; null where nothing was proven.</summary>
    internal string? Proof => Confirmation.IsEmpty ? null : Encoding.UTF8.GetString(Confirmation.Span);

    /// <summary>A parameter that occurs once; null where it is left out or empty, which is the same (RFC 6749 §3.2).</summary>
    internal string? this[ReadOnlySpan<byte> name] => Exchange.Form[name] is { IsEmpty: false } value ? Encoding.Latin1.GetString(value) : null;

    /// <summary>All values of a parameter that may occur several times, each once.</summary>
    internal IReadOnlyList<string> All(ReadOnlySpan<byte> name)
    {
        var values = new List<string>();
        for (var position = 0; Exchange.Form.Next(name, ref position, out var value);)
        {
            var text = Encoding.Latin1.GetString(value);
            if (!values.Contains(text)) values.Add(text);
        }
        return values;
    }

    /// <summary>The scope that is asked for: null where none is, empty where it can't be read.</summary>
    internal ScopeSet? Scope => this["scope"u8] is not { } asked ? null : ScopeSet.TryParse(asked, out var scope) ? scope : ScopeSet.Empty;
}
