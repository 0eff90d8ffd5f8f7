namespace Touchstone.Server.Tests.Races;

/// <summary>A token as those know it who asked for it: nothing here is read from its record. <c>Born</c> is the step of what its basis was judged by.</summary>
internal sealed record RaceToken(string Name, string Value, string Client, string Subject, string? Tenant, int Born, long IssuedFrom, long IssuedTo)
{
    internal bool IsRefresh { get; init; }

    internal string? Grant { get; init; }

    internal string? Session { get; init; }

    internal string? Jti { get; init; }

    /// <summary>The tokens that it was exchanged from.</summary>
    internal IReadOnlyList<RaceToken> Parents { get; init; } = [];

    /// <summary>The refresh token that was used for it, and the step at which that request began.</summary>
    internal (RaceToken Token, int Began)? RefreshedFrom { get; init; }

    /// <summary>When it counts as issued: a refreshed one when its family began.</summary>
    internal (long From, long To) Basis => RefreshedFrom is { } use ? use.Token.Basis : (IssuedFrom, IssuedTo);

    /// <summary>Itself, and all that it was made from.</summary>
    internal IEnumerable<RaceToken> Line => Parents.SelectMany(parent => parent.Line).Prepend(this);

    public override string ToString() => Name;
}

/// <summary>What somebody asked to end. <c>Wrote</c> is the step of its commit, <c>Answered</c> that of its answer; 0 for what has not been.</summary>
internal sealed record RaceRow(string Kind, string? Id = null)
{
    internal RaceToken? Token { get; init; }

    internal long? IssuedBefore { get; init; }

    internal int Wrote { get; set; }

    internal int Answered { get; set; }

    internal bool EndsForEver => Kind is "token" or "grant" or "session";

    internal bool Names(RaceToken token) => Kind switch
    {
        "token" => ReferenceEquals(token, Token),
        "grant" => token.Grant == Id,
        "session" => token.Session == Id,
        "sub" or "disable sub" => token.Subject == Id,
        "client_id" or "disable client" => token.Client == Id,
        "tenant" => token.Tenant == Id,
        "member" => token.Subject == Id && token.Tenant is not null,
        _ => true,
    };

    /// <summary>Whether it has to have ended a token that it names.</summary>
    internal bool Ends(RaceToken token) => Names(token) && (EndsForEver || (token.Born < Wrote && (IssuedBefore is not { } before || token.Basis.To < before)));

    /// <summary>Whether it may have ended a token, by its own name or by that of one that it was made from. Nobody keeps when those were issued, so what was made from them counts as issued before any time.</summary>
    internal bool MayEnd(RaceToken token) => token.Line.Any(Names) && (EndsForEver || (token.Born < Wrote && (IssuedBefore is not { } before || token.Basis.From < before || token.Parents.Count > 0)));
}

/// <summary>
/// Knows of a world what was asked and what was answered, and holds the server to it: nothing that was ended is active, nothing that was made of it, nothing else is ended, and a refresh token is good once.
/// </summary>
internal sealed class RaceLedger
{
    private readonly List<(RaceToken Token, Racer Racer, bool Won)> _uses = [];

    internal string? Violation { get; private set; }

    internal List<RaceToken> Tokens { get; } = [];

    internal List<RaceRow> Rows { get; } = [];

    internal List<string> Steps { get; } = [];

    internal int Active { get; private set; }

    internal int Inactive { get; private set; }

    internal int Wins { get; private set; }

    internal int Reuses { get; private set; }

    internal int Exchanged { get; set; }

    internal void Violate(string what) => Violation ??= what + "\n" + string.Join("\n", Steps);

    /// <summary>Whether a token has to be inactive for whoever asks from this step on.</summary>
    internal bool IsEnded(RaceToken token, int at) =>
        Rows.Any(row => row.Answered > 0 && row.Answered < at && row.Ends(token))
        || token.Parents.Any(parent => IsEnded(parent, at))
        || (token.RefreshedFrom is { } from && IsEnded(from.Token, from.Began))
        || _uses.Any(use => use.Won && ReferenceEquals(use.Token, token) && use.Racer.Ended < at);

    /// <summary>Whether a row that was committed up to this step may have ended it.</summary>
    internal bool MayBeEnded(RaceToken token, int at) => Rows.Any(row => row.Wrote > 0 && row.Wrote <= at && row.MayEnd(token));

    /// <summary>Whether a subject or client was disabled, for certain or perhaps, by this step.</summary>
    internal bool IsDisabled(string kind, string id, int at) => Rows.Any(row => row.Kind == kind && row.Id == id && row.Answered > 0 && row.Answered < at);

    internal bool MayBeDisabled(string kind, string id, int at) => Rows.Any(row => row.Kind == kind && row.Id == id && row.Wrote > 0 && row.Wrote <= at);

    internal void Introspected(RaceToken token, int began, int ended, bool isActive)
    {
        if (isActive) Active++;
        else Inactive++;
        if (isActive && IsEnded(token, began)) Violate($"{token} is active at {began} to {ended} and was ended before");
        else if (!isActive && !IsEnded(token, ended) && !MayBeEnded(token, ended) && !_uses.Any(use => ReferenceEquals(use.Token, token) && use.Racer.Wrote > 0 && use.Racer.Wrote <= ended))
            Violate($"{token} is inactive at {began} to {ended} and nothing ended it");
    }

    internal void Uses(RaceToken token, Racer racer) => _uses.Add((token, racer, false));

    /// <summary>A refresh that was answered with tokens.</summary>
    internal void Won(RaceToken token, Racer racer)
    {
        Wins++;
        if (_uses.Any(use => use.Won && ReferenceEquals(use.Token, token))) Violate($"two uses of {token} won");
        if (IsEnded(token, racer.Began)) Violate($"{token} was ended before {racer.Began}, and refreshed");
        _uses[_uses.FindIndex(use => ReferenceEquals(use.Racer, racer))] = (token, racer, true);
    }

    /// <summary>A refresh that was refused. When nothing else is wrong with its token, or it began after another had won, it is a reuse, and the family has ended.</summary>
    internal void Refused(RaceToken token, Racer racer)
    {
        var winner = _uses.Where(use => ReferenceEquals(use.Token, token) && !ReferenceEquals(use.Racer, racer) && use.Racer.Wrote > 0).Select(use => use.Racer).MinBy(other => other.Wrote);
        var isExplained = MayBeEnded(token, racer.Ended) || MayBeDisabled("disable sub", token.Subject, racer.Ended) || IsEnded(token, racer.Ended);
        if (winner is null && !isExplained) Violate($"{token} was refused and nothing is wrong with it");
        if (winner is null || (isExplained && racer.Began < winner.Wrote)) return;
        Reuses++;
        Rows.Add(new RaceRow("grant", token.Grant) { Wrote = racer.Ended, Answered = racer.Ended });
    }
}
