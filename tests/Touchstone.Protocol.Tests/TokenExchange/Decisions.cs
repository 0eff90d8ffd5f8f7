using System.Text;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.TokenExchange;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.TokenExchange;

/// <summary>Attempts with one thing changed, and what is decided about them.</summary>
internal static class Decisions
{
    internal static ExchangeAttempt Subject(Func<TokenRecord, TokenRecord> change, ExchangeAttempt? attempt = null) =>
        (attempt ?? Attempts.Impersonation) with { Subject = Attempts.Good(change((attempt ?? Attempts.Impersonation).Subject.Record!)) };

    internal static ExchangeAttempt Actor(Func<TokenRecord, TokenRecord> change, ExchangeAttempt? attempt = null) =>
        (attempt ?? Attempts.Delegation) with { Actor = Attempts.Good(change((attempt ?? Attempts.Delegation).Actor!.Record!)) };

    internal static ExchangeAttempt WithForeign(ExchangeAttempt attempt) => attempt with { Policy = attempt.Policy with { SubjectIssuers = [TokenRecords.Issuer, Attempts.Foreign] } };

    internal static string Fault(ExchangeAttempt attempt) => ExchangeRules.Decide(attempt).Reason;

    internal static string ActOf(ExchangeAttempt attempt) => Text(ExchangeRules.Decide(attempt).Record.ShouldNotBeNull().Actor);

    internal static ReadOnlyMemory<byte> Json(string json) => TokenRecords.Json(json);

    internal static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);

    internal static string Chain(int depth) => depth == 0 ? "" : depth == 1 ? """{"sub":"x"}""" : $$"""{"sub":"x","act":{{Chain(depth - 1)}}}""";
}
