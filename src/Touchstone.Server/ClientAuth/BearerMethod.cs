using System.Text;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;
using Touchstone.Server.Storage;

namespace Touchstone.Server.ClientAuth;

/// <summary>
/// An access token of this server, for this server, with scope <c>touchstone:introspect</c> (RFC 7662 §2.1): the caller is the client it was issued to, with the right to introspect.
/// A token that is bound to a key or certificate has to come with it.
/// </summary>
internal sealed class BearerMethod(TokenLookup tokens, ClientDirectory clients, ClientCertificates certificates, ServerOptions options) : IClientAuthMethod
{
    internal const string Scope = "touchstone:introspect";

    private readonly Caller _self = new() { ClientId = "touchstone", Kind = CallerKind.ResourceServer, Audience = [options.EffectiveIssuer], MayIntrospect = true };

    public bool Handles(ClientAuthMethod presented, Client? client) => presented is ClientAuthMethod.Bearer;

    public ValueTask<ClientAuthResult> AuthenticateAsync(in ClientCredentials credentials, Client? client, FormExchange exchange, long now)
    {
        var named = credentials.ClientId.IsEmpty ? null : Encoding.ASCII.GetString(credentials.ClientId);
        if (credentials.AccessToken.Length > TokenFormat.MaxLength) return new(Refuse(client));
        Span<byte> token = stackalloc byte[credentials.AccessToken.Length];
        Encoding.ASCII.GetBytes(credentials.AccessToken, token);
        var finding = tokens.FindAsync(token, CancellationToken.None);
        return finding.IsCompletedSuccessfully ? JudgeAsync(finding.Result, named, exchange, now) : AwaitAsync(finding, named, exchange, now);
    }

    private async ValueTask<ClientAuthResult> AwaitAsync(ValueTask<FoundToken> finding, string? named, FormExchange exchange, long now) => await JudgeAsync(await finding, named, exchange, now);

    private ValueTask<ClientAuthResult> JudgeAsync(in FoundToken found, string? named, FormExchange exchange, long now)
    {
        var client = found.Record is { } record && record.Issuer == options.EffectiveIssuer ? clients.Find(record.ClientId) : null;
        var isGood = client is not null
            && (named is null || named == client.Id)
            && IntrospectionRules.Decide(found.Record, _self, found.Match, now).IsActive
            && found.Record!.Scope.Contains(Scope);
        if (!isGood) return new(Refuse(client));
        // What a token is bound to is not kept in memory, only in its answer: where that has the word, the record is read.
        return found.Entry!.Answer.IndexOf("\"cnf\""u8) < 0 ? new(Accept(client!)) : JudgeBindingAsync(found.Record!.Hash, client!, exchange);
    }

    private async ValueTask<ClientAuthResult> JudgeBindingAsync(TokenHash hash, Client client, FormExchange exchange)
    {
        var found = await tokens.FindAsync(hash, CancellationToken.None);
        if (found.Record is not { } record || found.Match is not null) return Refuse(client);
        return certificates.Proves(exchange.Http, record.Confirmation) ? Accept(client) : Refuse(client);
    }

    private static ClientAuthResult Accept(Client client) => ClientAuthResult.Success(client.Introspecting, ClientAuthMethod.Bearer);

    private static ClientAuthResult Refuse(Client? client) => ClientAuthResult.Fail(AuthFailure.Token, ClientAuthMethod.Bearer, client);
}
