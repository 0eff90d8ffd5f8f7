using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Touchstone.Client;

/// <summary>Adds introspection clients to a container.</summary>
public static class TokenIntrospectionExtensions
{
    private static readonly Func<IServiceProvider, object?, IntrospectionClient> Make = static (parts, name) => new IntrospectionClient(
        OptionsOf(parts, (string)name!), http: null, parts.GetService<ILogger<IntrospectionClient>>(), parts.GetService<TimeProvider>());

    /// <summary>The client of an application that has one: resolve <see cref="IntrospectionClient"/>.</summary>
    public static IServiceCollection AddTokenIntrospection(this IServiceCollection services, Action<TokenIntrospectionOptions> configure)
    {
        services.AddTokenIntrospection(Options.DefaultName, configure);
        services.TryAddSingleton(static parts => parts.GetRequiredKeyedService<IntrospectionClient>(Options.DefaultName));
        return services;
    }

    /// <summary>One of several clients, by name; they share nothing. Resolve it with <c>[FromKeyedServices(name)]</c>.</summary>
    public static IServiceCollection AddTokenIntrospection(this IServiceCollection services, string name, Action<TokenIntrospectionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions();
        if (name.Length > 0) services.Configure<TokenIntrospectionOptions>(name, options => options.Name = name);
        services.Configure(name, configure);
        var there = services.FirstOrDefault(part => part.IsKeyedService && part.ServiceType == typeof(IntrospectionClient) && name.Equals(part.ServiceKey));
        if (there is not null && !ReferenceEquals(there.KeyedImplementationFactory, Make)) throw new InvalidOperationException($"There is a scheme called '{name}' already: they would be one client. Give one of them another name.");
        if (there is null) services.AddKeyedSingleton(name, Make);
        return services;
    }

    private static TokenIntrospectionOptions OptionsOf(IServiceProvider parts, string name)
    {
        var options = parts.GetRequiredService<IOptionsMonitor<TokenIntrospectionOptions>>().Get(name);
        if (options.SharedCache is { } shared) shared.Cache ??= parts.GetService<IDistributedCache>();
        return options;
    }
}
