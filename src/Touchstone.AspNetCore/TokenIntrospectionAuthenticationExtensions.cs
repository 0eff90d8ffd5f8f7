using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Touchstone.AspNetCore.Binding;
using Touchstone.AspNetCore.Decisions;
using Touchstone.AspNetCore.Metadata;
using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>Adds the handler.</summary>
public static class TokenIntrospectionAuthenticationExtensions
{
    /// <summary>Takes opaque access tokens as <c>Bearer</c>, with the options of <c>Authentication:Schemes:Bearer</c>.</summary>
    public static AuthenticationBuilder AddTokenIntrospection(this AuthenticationBuilder builder) => builder.AddTokenIntrospection(TokenIntrospectionDefaults.AuthenticationScheme, static _ => { });

    /// <summary>Takes opaque access tokens as <c>Bearer</c>.</summary>
    public static AuthenticationBuilder AddTokenIntrospection(this AuthenticationBuilder builder, Action<TokenIntrospectionSchemeOptions> configure) =>
        builder.AddTokenIntrospection(TokenIntrospectionDefaults.AuthenticationScheme, configure);

    /// <summary>Takes opaque access tokens under another name: schemes share nothing.</summary>
    public static AuthenticationBuilder AddTokenIntrospection(this AuthenticationBuilder builder, string authenticationScheme, Action<TokenIntrospectionSchemeOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<TokenIntrospectionSchemeOptions>, TokenIntrospectionConfigureOptions>());
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<TokenIntrospectionSchemeOptions>, TokenIntrospectionPostConfigureOptions>());
        // Once, whatever number of schemes there are.
        if (!builder.Services.Any(part => part.ServiceType == typeof(HubRequirements))) builder.Services.AddSingleton<HubRequirements>().Configure<HubOptions>(static hubs => hubs.AddFilter<HubRequirements>());
        builder.Services.TryAddSingleton<MappedMetadata>();
        builder.Services.TryAddSingleton<AccessDecisions>();
        builder.Services.TryAddSingleton(static parts => new TokenPolicyOverrides(parts.GetRequiredService<ILoggerFactory>(), parts.GetService<TimeProvider>() ?? TimeProvider.System));
        // What was used once stays used for as long as the application lives.
        builder.Services.TryAddKeyedSingleton(authenticationScheme, static (parts, scheme) => new ProofChecks(
            parts.GetRequiredService<IOptionsMonitor<TokenIntrospectionSchemeOptions>>().Get((string)scheme!).DPoP, parts.GetService<TimeProvider>() ?? TimeProvider.System));
        // Made when the first token comes, or a health check asks; it lives as long as the application.
        if (builder.Services.Any(part => part.IsKeyedService && part.ServiceType == typeof(IntrospectionClient) && authenticationScheme.Equals(part.ServiceKey))) throw new InvalidOperationException($"There is a client or a scheme called '{authenticationScheme}' already: they would be one. Give one of them another name.");
        builder.Services.AddKeyedSingleton(authenticationScheme, static (parts, scheme) => NewClient(parts, parts.GetRequiredService<IOptionsMonitor<TokenIntrospectionSchemeOptions>>().Get((string)scheme!).Introspection));
        builder.Services.AddOptions<TokenIntrospectionSchemeOptions>(authenticationScheme).ValidateOnStart();
        return builder.AddScheme<TokenIntrospectionSchemeOptions, TokenIntrospectionHandler>(authenticationScheme, configure);
    }

    private static IntrospectionClient NewClient(IServiceProvider parts, TokenIntrospectionOptions options) =>
        new(options, http: null, parts.GetService<ILogger<IntrospectionClient>>(), parts.GetService<TimeProvider>());
}
