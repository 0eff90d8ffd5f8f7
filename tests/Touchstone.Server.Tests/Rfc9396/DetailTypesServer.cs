using System.Text.Json;
using Touchstone.Server.TokenIssue;

namespace Touchstone.Server.Tests.Rfc9396;

/// <summary>A server that knows two types of authorization details.</summary>
public sealed class DetailTypesServer : IAsyncLifetime
{
    internal Acme Acme { get; private set; } = null!;

    /// <summary>A client that may ask for payments, and for no accounts.</summary>
    internal TestClient Payer { get; private set; } = null!;

    internal static void Configure(ServerOptions options)
    {
        options.Unlimit();
        var payment = new AuthorizationDetailsType();
        payment.Fields["actions"] = new AuthorizationDetailsField { Required = true, Values = ["initiate", "status"] };
        payment.Fields["locations"] = new AuthorizationDetailsField();
        payment.Fields["identifier"] = new AuthorizationDetailsField();
        payment.Fields["currency"] = new AuthorizationDetailsField { Type = "string", Values = ["EUR", "CHF"] };
        payment.Fields["amount"] = new AuthorizationDetailsField { Type = "number" };
        payment.Fields["instant"] = new AuthorizationDetailsField { Type = "boolean" };
        payment.Fields["creditor"] = new AuthorizationDetailsField { Type = "object" };
        options.AuthorizationDetails.Types["payment"] = payment;
        options.AuthorizationDetails.Types["account"] = new AuthorizationDetailsType { Name = "urn:acme:account" };
    }

    public async ValueTask InitializeAsync()
    {
        Acme = await Acme.StartAsync(Configure);
        Payer = await Acme.Admin.AddClientAsync(new { client_id = "payer", kind = "client", audience = new[] { Acme.OrdersApi, Acme.BillingApi }, grants = new { authorization_details_types = new[] { "payment" } } });
    }

    public async ValueTask DisposeAsync() => await Acme.DisposeAsync();

    internal Task<Answer> AskAsync(string details, params (string Name, string Value)[] more) => Acme.OAuth.GrantAsync(Payer, [("authorization_details", details), .. more]);

    internal async Task<string> TokenAsync(string details, params (string Name, string Value)[] more)
    {
        var answer = await AskAsync(details, more);
        answer.Status.ShouldBe(200, answer.ToString());
        return answer.Json.GetProperty("access_token").GetString()!;
    }

    /// <summary>What a resource server is told of them; null for nothing.</summary>
    internal async Task<string?> SeenAsync(string token, TestClient caller) =>
        (await Acme.OAuth.IntrospectAsync(token, caller)).ShouldBeActive().TryGetProperty("authorization_details", out var details) ? details.GetRawText() : null;
}
