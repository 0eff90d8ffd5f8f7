using System.Globalization;
using System.Text;
using Touchstone.Protocol.Forms;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Http;

namespace Touchstone.Server.Feed;

/// <summary>A poll: who follows, from where on, how long it may wait.</summary>
/// <param name="Follower">Who follows.</param>
/// <param name="Nonce">What the answer echoes.</param>
/// <param name="After">What is known already; null where nothing is.</param>
/// <param name="IsFromStart">Asks for all rows that are not forgotten.</param>
/// <param name="WantsAll">Asks for each row, however many there are: a floor would be of no use.</param>
/// <param name="Wait">How long it may wait for news.</param>
internal sealed record FeedRequest(FollowerIdentity Follower, string Nonce, LogCursor? After, bool IsFromStart, bool WantsAll, TimeSpan Wait)
{
    /// <summary>The longest wait: of three polls in a lease one may get lost.</summary>
    internal static readonly TimeSpan MaxWait = LeaseTerms.Follower.Duration / 3;

    private const int MaxNonce = 64, MaxParameterName = 32;

    /// <summary>Reads a poll, or says what is wrong with it.</summary>
    internal static FeedRequest? Read(FormExchange exchange, out string fault)
    {
        fault = "";
        var form = exchange.Form;
        // A misspelt after would be told a floor for ever, and never an event.
        if (form.TryFindOther(out var other, "nonce", "after", "wait", "all", "client_id")) return Fail($"The feed has no parameter {Printable(other)}: there are nonce, after, wait, all and client_id.", out fault);
        if (exchange.Http.Request.Headers[FollowerIdentity.Header] is not [{ } header] || FollowerIdentity.Parse(header) is not { } follower) return Fail($"Say who follows: {FollowerIdentity.Shape}.", out fault);
        var nonce = Text(form, "nonce"u8);
        if (nonce.Length is 0 or > MaxNonce || !FollowerIdentity.IsPlain(nonce)) return Fail($"nonce must be 1 to {MaxNonce} characters of A-Z a-z 0-9 _ -, random for each poll.", out fault);
        LogCursor? after = null;
        var place = Text(form, "after"u8);
        if (place is not ("" or "0"))
        {
            if (!LogCursor.TryParse(place, out var cursor)) return Fail("after must be the head of an earlier answer, or 0 for all rows, or be left out by who holds nothing.", out fault);
            after = cursor;
        }
        var wait = 0;
        if (form.Has("wait"u8) && (!int.TryParse(Text(form, "wait"u8), NumberStyles.None, CultureInfo.InvariantCulture, out wait) || wait > 3600)) return Fail("wait must be whole seconds.", out fault);
        if (Text(form, "all"u8) is not ("" or "true" or "false")) return Fail("all must be true or false.", out fault);
        var isFromStart = place == "0";
        var longest = TimeSpan.FromSeconds(wait);
        return new FeedRequest(follower, nonce, after, isFromStart, isFromStart || Text(form, "all"u8) == "true", longest < MaxWait ? longest : MaxWait);
    }

    private static FeedRequest? Fail(string detail, out string fault)
    {
        fault = detail;
        return null;
    }

    // It may be anything, a secret in the wrong place too; only what looks like a name is repeated.
    private static string Printable(ReadOnlySpan<byte> name)
    {
        var text = Encoding.Latin1.GetString(name);
        return text.Length <= MaxParameterName && FollowerIdentity.IsPlain(text) ? text : "of that name";
    }

    private static string Text(OAuthForm form, ReadOnlySpan<byte> name) => Encoding.Latin1.GetString(form[name]);
}
