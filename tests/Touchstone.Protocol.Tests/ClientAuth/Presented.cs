using System.Text;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Forms;
using Touchstone.Protocol.Tests.Forms;

namespace Touchstone.Protocol.Tests.ClientAuth;

/// <summary>What was read from a request, as values that assertions can compare.</summary>
internal sealed record Presented(CredentialsResult Result, ClientAuthMethod Method, string ClientId, string Secret)
{
    internal static readonly Presented Missing = new(CredentialsResult.Missing, ClientAuthMethod.None, "", "");
    internal static readonly Presented Unreadable = new(CredentialsResult.Unreadable, ClientAuthMethod.None, "", "");
    internal static readonly Presented Ambiguous = new(CredentialsResult.Ambiguous, ClientAuthMethod.None, "", "");

    internal static Presented Basic(string clientId, string secret) => new(CredentialsResult.Presented, ClientAuthMethod.ClientSecretBasic, clientId, secret);

    internal static Presented Post(string clientId, string secret) => new(CredentialsResult.Presented, ClientAuthMethod.ClientSecretPost, clientId, secret);

    internal static Presented Public(string clientId) => new(CredentialsResult.Presented, ClientAuthMethod.None, clientId, "");

    internal static Presented In(string authorization, string body = "token=abc") => In(authorization, FormBody.Parse(body));

    internal static Presented In(string authorization, OAuthForm form)
    {
        Span<byte> scratch = stackalloc byte[ClientCredentials.ScratchSize];
        var result = ClientCredentials.Read(authorization, form, scratch, out var credentials);
        return new(result, credentials.Method, Encoding.UTF8.GetString(credentials.ClientId), Encoding.UTF8.GetString(credentials.Secret));
    }

    /// <summary>A Basic header over a text that stands in it as it is, not form-encoded.</summary>
    internal static string Header(string pair, string scheme = "Basic") => $"{scheme} {Convert.ToBase64String(Encoding.UTF8.GetBytes(pair))}";
}
