using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone client add</c>.</summary>
internal static class ClientAdd
{
    private static readonly Option<string> Kind = new("--kind")
    {
        Description = "A resource server checks tokens; a client is issued them.",
        Required = true,
    };

    private static readonly Option<bool> Public = new("--public") { Description = "The client can keep no secret, and is given none." };

    private static readonly Option<string[]> AuthMethod = new("--auth-method")
    {
        Description = "A way it may authenticate; may repeat. [default: client_secret_basic and client_secret_post]",
        HelpName = "method",
    };

    private static readonly Option<string[]> Audience = new("--audience")
    {
        Description = "A resource server's identifier, or for a client a resource it may ask for, the first being its default; may repeat.",
        HelpName = "uri",
    };

    private static readonly Option<string[]> Scope = new("--scope") { Description = "Scopes it may be granted or see; may repeat.", HelpName = "scope" };

    private static readonly Option<bool?> MayIntrospect = new("--may-introspect")
    {
        Description = "It may introspect tokens. [default: true for a resource server, false for a client]",
    };

    private static readonly Option<bool> TagKey = new("--tag-key") { Description = "A resource server is given the key of its tags in the feed: 'client give-tag-key'." };

    private static readonly Option<string> Tenant = new("--tenant") { Description = "The tenant it belongs to.", HelpName = "tenant" };

    static ClientAdd() => Kind.TakesOneOf("resource-server", "client");

    internal static Command Create(Argument<string> id)
    {
        var verb = Described(id);
        foreach (var option in ClientCredentialOptions.OfNewClient.Concat(ClientViewOptions.All).Concat(ClientGrantOptions.All).Concat(ClientResponseOptions.All)) verb.Options.Add(option);
        return verb;
    }

    private static Verb Described(Argument<string> id) => new Verb(
        "add",
        "Register a resource server or a client; a generated secret is printed once.",
        "touchstone client add billing-api --kind resource-server --audience https://billing.example.com",
        "touchstone client add audit-api --kind resource-server --audience https://audit.example.com --sub pairwise --aud own",
        "touchstone client add reports --kind client --audience https://billing.example.com --scope \"invoices:read invoices:list\"",
        "touchstone client add gateway --kind resource-server --audience https://api.example.com --auth-method private_key_jwt --jwks gateway-keys.json",
        "touchstone client add ledger-api --kind resource-server --audience https://ledger.example.com --response-signing ES256 --response-encryption ECDH-ES --jwks ledger-keys.json",
        "touchstone client add spa --kind client --public")
    {
        id, Kind, Public, AuthMethod, Audience, Scope, MayIntrospect, TagKey, Tenant, ClientLimitOptions.Rate, ClientLimitOptions.Burst, ClientLimitOptions.AllowAddress,
    }.Does(async (call, stop) =>
    {
        var registration = Registration(call, call.Get(id));
        if (AddView(call, registration) is { } wrong) return call.Output.Fail(wrong);
        if (await ClientCredentialOptions.AddAsync(call, registration, stop) is { } failure) return call.Output.Fail(failure);
        return ClientCommand.PrintWithSecret(call, await call.Admin.PostAsync("admin/clients", registration, stop));
    });

    /// <summary>Only what was given: the defaults are the server's.</summary>
    private static JsonObject Registration(Call call, string id)
    {
        var registration = new JsonObject { ["client_id"] = id, ["kind"] = call.Get(Kind) };
        if (call.Get(Public)) registration["public"] = true;
        if (call.Has(AuthMethod)) registration["auth_methods"] = Requests.Array(call.Get(AuthMethod));
        if (call.Has(Audience)) registration["audience"] = Requests.Array(call.Get(Audience));
        if (call.Get(MayIntrospect) is { } may) registration["may_introspect"] = may;
        if (call.Get(TagKey)) registration["tag_key"] = true;
        if (call.Get(Tenant) is { } tenant) registration["tenant"] = tenant;
        if (ClientLimitOptions.Read(call) is { } limits) registration["limits"] = limits;
        if (ClientGrantOptions.Read(call) is { } grants) registration["grants"] = grants;
        ClientResponseOptions.Add(call, registration);
        return registration;
    }

    // A client is granted scopes; a resource server sees them.
    private static Failure? AddView(Call call, JsonObject registration)
    {
        var view = ClientViewOptions.Read(call, Scope);
        if (view.Failure is { } failure) return failure;
        if (call.Get(Kind) == "client" && view.Value is { } ofClient && ofClient.Remove("scope", out var granted)) registration["scope"] = granted;
        if (view.Value is { Count: > 0 } seen) registration["view"] = seen;
        return null;
    }
}
