using Microsoft.Extensions.DependencyInjection;

namespace Touchstone.Client.Testing;

/// <summary>Puts a fake server in place of the real one.</summary>
public static class FakeAuthorizationServerExtensions
{
    /// <summary>
    /// Every introspection client of the container, and every authentication scheme that has one, asks this server instead of the configured one. Everything else stays as the application configured it.
    /// </summary>
    public static IServiceCollection UseFakeAuthorizationServer(this IServiceCollection services, FakeAuthorizationServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        return services.PostConfigureAll<TokenIntrospectionOptions>(server.Configure);
    }
}
