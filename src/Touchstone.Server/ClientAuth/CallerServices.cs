using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Clients;

namespace Touchstone.Server.ClientAuth;

/// <summary>The parts that find out who calls. The methods stand in the order in which they are asked whether credentials are theirs.</summary>
internal static class CallerServices
{
    internal static void AddCallers(this IServiceCollection services)
    {
        services.AddSingleton<IClientAuthMethod, SecretMethod>();
        services.AddSingleton<IClientAuthMethod, AssertionMethod>();
        services.AddSingleton<IClientAuthMethod, CertificateMethod>();
        services.AddSingleton<IClientAuthMethod, BearerMethod>();
        services.AddSingleton<IClientAuthMethod, PublicMethod>();
        services.AddSingleton<ClientAuthenticator>();

        services.AddSingleton<CallerFailures>();
        services.AddSingleton<SecretVault>();
        services.AddSingleton<ClientSecrets>();
        services.AddSingleton<AssertionUses>();
        services.AddSingleton<ClientCertificates>();
        services.AddSingleton(new JwksTrust(null));
        services.AddSingleton<JwksTransport>();
        services.AddSingleton<RemoteKeySets>();
        services.AddSingleton<SecretUses>();
        services.AddHostedService(parts => parts.GetRequiredService<SecretUses>());
    }

    // Every certificate passes here and is judged where a caller is: refused in the handshake, it would be a closed connection and no OAuth error.
    internal static void AskForCertificate(HttpsConnectionAdapterOptions https, ClientCertificateOptions options)
    {
        if (!options.Enabled) return;
        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
        https.AllowAnyClientCertificate();
    }
}
