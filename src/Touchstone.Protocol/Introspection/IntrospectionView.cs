using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Introspection;

/// <summary>How a caller is told whose token it is.</summary>
public enum SubjectView
{
    /// <summary>By the issuer's own identifier.</summary>
    AsIs,

    /// <summary>By a name that means nothing to other callers.</summary>
    Pairwise,

    /// <summary>Not at all.</summary>
    Omitted,
}

/// <summary>
/// What one caller may see of an active answer (RFC 7662 §2.2, §5). It only takes away: what it shows stands in the whole answer, byte for byte and in the same order, but for a narrowed
/// <c>scope</c> and <c>aud</c> and a pairwise <c>sub</c>.
/// </summary>
/// <remarks>Compared by reference: a changed registration makes a new view, so that an answer that was cut for the old one is never given again.</remarks>
public sealed class IntrospectionView
{
    // Without these an answer can't be acted upon safely: above all an answer without "exp" would be kept too long, and one without "cnf" would make a bound token a bearer token.
    private static readonly FrozenSet<string> Always = FrozenSet.ToFrozenSet(["active", "iss", "client_id", "token_type", "iat", "nbf", "exp", "cnf"], StringComparer.Ordinal);

    /// <summary>Everything.</summary>
    public static IntrospectionView Whole { get; } = new();

    /// <summary>The scopes that may be shown; null for all. When none is left, <c>scope</c> is left out.</summary>
    public ScopeSet? Scope { get; init; }

    /// <summary>
    /// The members that may be shown beside those that every answer has (<see cref="AlwaysShown"/>); null for all. <c>sub</c>, <c>scope</c> and <c>aud</c> have settings of their own.
    /// Where the subject is not shown as it is, null is none: a claim such as <c>email</c> would tell whose token it is.
    /// </summary>
    public IReadOnlyCollection<string>? Claims { get; init; }

    /// <summary>How the subject is shown. <c>username</c> is shown only where it is shown as it is.</summary>
    public SubjectView Subject { get; init; }

    /// <summary>The caller's sector, for <see cref="SubjectView.Pairwise"/>; without it the subject is left out.</summary>
    public PairwiseSubject? Pairwise { get; init; }

    /// <summary>The audience identifiers that may be shown: the caller's own; null for all.</summary>
    public IReadOnlyCollection<string>? Audience { get; init; }

    /// <summary>The caller's identifiers, by which it is told its part of <c>authorization_details</c> (<see cref="DetailsFilter"/>); null for all of them.</summary>
    public IReadOnlyCollection<string>? Locations { get; init; }

    /// <summary>Whether it shows everything of a token whose <c>authorization_details</c> don't say for whom they are.</summary>
    public bool IsWhole => Scope is null && Claims is null && Subject is SubjectView.AsIs && Audience is null;

    /// <summary>The members that every view shows where the token has them.</summary>
    public static IReadOnlyCollection<string> AlwaysShown => Always;

    /// <summary>Writes what this view shows of an answer that <see cref="IntrospectionResponse.WriteActive"/> wrote.</summary>
    public void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> answer)
    {
        if (IsWhole && Locations is null)
        {
            output.Write(answer);
            return;
        }
        var members = new Members(output);
        var reader = new Utf8JsonReader(answer);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var name = reader.GetString()!;
            reader.Read();
            var value = reader;
            reader.Skip();
            WriteMember(members, name, value, answer, start, (int)reader.BytesConsumed);
        }
        members.End();
    }

    private void WriteMember(Members members, string name, Utf8JsonReader value, ReadOnlySpan<byte> answer, int start, int end)
    {
        var whole = answer[start..end];
        switch (name)
        {
            case "sub" when Subject is not SubjectView.AsIs:
                if (Subject is SubjectView.Pairwise && Pairwise is not null && Issuer(answer) is { } issuer) members.Add("sub"u8, Quoted(Pairwise.Of(issuer, value.GetString()!)));
                break;
            case "scope" when Scope is not null:
                var scope = string.Join(' ', value.GetString()!.Split(' ').Where(Scope.Contains));
                if (scope.Length > 0) members.Add("scope"u8, Quoted(scope));
                break;
            case "aud" when Audience is not null:
                WriteAudience(members, value, answer);
                break;
            case "authorization_details" when Locations is not null && Shows(name):
                var details = DetailsFilter.For(answer[(int)value.TokenStartIndex..end].ToArray(), Locations);
                if (!details.IsEmpty) members.Add("authorization_details"u8, details.Span);
                break;
            case "sub" or "scope" or "aud":
                members.Add(whole);
                break;
            default:
                if (Shows(name)) members.Add(whole);
                break;
        }
    }

    private bool Shows(string name) =>
        Always.Contains(name) || (Claims is null ? Subject is SubjectView.AsIs : Claims.Contains(name, StringComparer.Ordinal) && (Subject is SubjectView.AsIs || name != "username"));

    // One is a string, several are an array, as in the whole answer.
    private void WriteAudience(Members members, Utf8JsonReader value, ReadOnlySpan<byte> answer)
    {
        var shown = new List<string>();
        if (value.TokenType is JsonTokenType.String && IsShown(value)) shown.Add(Raw(value, answer));
        else if (value.TokenType is JsonTokenType.StartArray)
        {
            while (value.Read() && value.TokenType is not JsonTokenType.EndArray)
            {
                if (IsShown(value)) shown.Add(Raw(value, answer));
            }
        }
        if (shown.Count > 0) members.Add("aud"u8, Encoding.UTF8.GetBytes(shown.Count == 1 ? shown[0] : $"[{string.Join(',', shown)}]"));
    }

    private bool IsShown(in Utf8JsonReader item) => item.TokenType is JsonTokenType.String && Audience!.Contains(item.GetString()!, StringComparer.Ordinal);

    private static string Raw(in Utf8JsonReader item, ReadOnlySpan<byte> answer) => Encoding.UTF8.GetString(answer[(int)item.TokenStartIndex..(int)item.BytesConsumed]);

    private static string? Issuer(ReadOnlySpan<byte> answer)
    {
        var reader = new Utf8JsonReader(answer);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals("iss"u8);
            reader.Read();
            if (found) return reader.TokenType is JsonTokenType.String ? reader.GetString() : null;
            reader.Skip();
        }
        return null;
    }

    // Scope names and base64url have nothing that JSON escapes (RFC 6749 A.4).
    private static byte[] Quoted(string plain) => Encoding.ASCII.GetBytes($"\"{plain}\"");

    // An object whose members come as they stood elsewhere.
    private sealed class Members(IBufferWriter<byte> output)
    {
        private bool _isBegun;

        internal void Add(ReadOnlySpan<byte> whole)
        {
            output.Write(_isBegun ? ","u8 : "{"u8);
            output.Write(whole);
            _isBegun = true;
        }

        internal void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            output.Write(_isBegun ? ",\""u8 : "{\""u8);
            output.Write(name);
            output.Write("\":"u8);
            output.Write(value);
            _isBegun = true;
        }

        internal void End() => output.Write(_isBegun ? "}"u8 : "{}"u8);
    }
}
