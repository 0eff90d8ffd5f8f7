using FsCheck;
using FsCheck.Fluent;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.TokenExchange;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.TokenExchange;

/// <summary>Exchanges that tests vary with <c>with</c>; <see cref="Delegation"/> and <see cref="Impersonation"/> are granted as they are.</summary>
internal static class Attempts
{
    internal const string Foreign = "https://idp.acme.test";
    internal const string Stock = "https://stock.acme.test/";
    internal const long Born = 50;

    internal static TokenRecord Draft { get; } = new()
    {
        Hash = TokenHash.Of("the new token"), Kind = TokenKind.AccessToken, ClientId = "orders-app", Issuer = TokenRecords.Issuer, Jti = "new", Born = Born,
        IssuedAt = TokenRecords.Now, ExpiresAt = TokenRecords.Now + 3600, Audience = [Stock],
    };

    internal static TokenRecord SubjectToken { get; } = TokenRecords.Access with { Username = "Ada", Scope = Scope("orders:read stock:read admin"), Jti = "subject-jti" };

    internal static TokenRecord ActorToken { get; } = TokenRecords.Access with
    {
        Hash = TokenHash.Of("the actor's token"), ClientId = "orders-app", Subject = "orders-app", Jti = "actor-jti", Grant = null, Session = null, Tenant = null, ExpiresAt = TokenRecords.Now + 200,
    };

    internal static ExchangeAttempt Impersonation { get; } = new()
    {
        Draft = Draft,
        Policy = new ExchangePolicy { Impersonation = true, Delegation = true, SubjectIssuers = [TokenRecords.Issuer], SubjectAudiences = [TokenRecords.Orders], Scope = Scope("stock:read stock:write touchstone:admin") },
        Subject = Good(SubjectToken),
    };

    internal static ExchangeAttempt Delegation { get; } = Impersonation with { Actor = Good(ActorToken) };

    internal static PresentedToken Good(TokenRecord record) => new(record, null) { HasDeclaredForm = true, IsKeyProven = true, IsSubjectEnabled = true };

    internal static ScopeSet Scope(string text) => ScopeSet.TryParse(text, out var scope) ? scope : throw new ArgumentException(text, nameof(text));

    private static Gen<string> Name { get; } = Gen.Elements("a", "b");

    private static Gen<string> Issuer { get; } = Gen.Elements(TokenRecords.Issuer, Foreign);

    /// <summary>Any selector over few names, so that they meet often.</summary>
    internal static Gen<Selector> AnySelector { get; } = Gen.OneOf(
        Name.Select(name => Selector.Token(TokenHash.Of(name))), Name.Select(Selector.Grant), Name.Select(Selector.Client), Name.Select(Selector.Tenant), Name.Select(Selector.Registration), Gen.Constant(Selector.All),
        Issuer.Zip(Name).Select(pair => Selector.Session(pair.Item1, pair.Item2)), Issuer.Zip(Name).Select(pair => Selector.Subject(pair.Item1, pair.Item2)), Issuer.Zip(Name).Select(pair => Selector.Jwt(pair.Item1, pair.Item2)),
        Issuer.Zip(Name).Zip(Name).Select(names => Selector.Member(names.Item2, names.Item1.Item1, names.Item1.Item2)));

    private static Gen<TokenRecord> AnyRecord { get; } =
        from names in Name.ListOf(4)
        from maybe in Gen.Frequency((3, Name.Select(name => (string?)name)), (1, Gen.Constant((string?)null))).ListOf(5)
        from issuer in Issuer
        from kind in Gen.Frequency((9, Gen.Constant(TokenKind.AccessToken)), (1, Gen.Constant(TokenKind.RefreshToken)))
        from ends in Gen.Choose(-2, 4000)
        from scope in Gen.Elements("", "x", "x y", "y z touchstone:admin")
        from ancestors in Name.Select(TokenHash.Of).ListOf().Resize(3)
        from lineage in AnySelector.Where(selector => selector.Kind is not (SelectorKind.All or SelectorKind.Registration)).ListOf().Resize(4)
        from act in Gen.Elements("", "", """{"sub":"x"}""", """{"sub":"x","act":{"sub":"y"}}""")
        from claims in Gen.Elements("", "", "", """{"may_act":{"sub":"a"}}""", """{"sub_iss":"https://idp.acme.test","plan":7}""")
        from bound in Gen.Frequency((9, Gen.Constant("")), (1, Gen.Constant("""{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}""")))
        select new TokenRecord
        {
            Hash = TokenHash.Of(names[0]), Kind = kind, ClientId = names[1], Issuer = issuer, IssuedAt = TokenRecords.Now - 100, ExpiresAt = TokenRecords.Now + ends, Born = 7, Subject = maybe[0], Grant = maybe[1], Session = maybe[2],
            Tenant = maybe[3], Jti = maybe[4], Audience = [names[2]], Scope = Scope(scope), Ancestors = [.. ancestors], Lineage = [.. lineage], Actor = TokenRecords.Json(act), Claims = TokenRecords.Json(claims), Confirmation = TokenRecords.Json(bound),
        };

    private static Gen<PresentedToken> AnyToken { get; } =
        from record in AnyRecord
        from faults in Gen.Choose(0, 30)
        select new PresentedToken(faults == 0 ? null : record, faults == 1 ? new RevocationMatch(SelectorKind.Token, 40) : null) { HasDeclaredForm = faults != 2, IsKeyProven = faults != 3, IsSubjectEnabled = faults != 4 };

    /// <summary>Any attempt; one in some is granted.</summary>
    internal static Gen<ExchangeAttempt> Any { get; } =
        from subject in AnyToken
        from actor in AnyToken
        from isDelegation in Gen.Elements(true, false)
        from client in Name
        from tenant in Gen.Elements(null, null, "a")
        from modes in Gen.Choose(0, 7)
        from issuers in Gen.Elements<string[]>([TokenRecords.Issuer], [TokenRecords.Issuer, Foreign])
        from audiences in Gen.Elements<string[]>([], ["a"], ["a", "b"])
        from asked in Gen.Elements(null, null, "", "x", "x y", "touchstone:admin")
        select new ExchangeAttempt
        {
            Draft = Draft with { ClientId = client, Tenant = tenant },
            Policy = new ExchangePolicy { Impersonation = modes != 0, Delegation = modes != 1, SubjectIssuers = issuers, SubjectAudiences = audiences, Scope = Scope("x y touchstone:admin") },
            Subject = subject,
            Actor = isDelegation ? actor : null,
            Scope = asked is null ? null : Scope(asked),
        };
}
