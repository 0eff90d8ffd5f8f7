using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Touchstone.AspNetCore.Binding;
using Touchstone.AspNetCore.Decisions;
using Touchstone.AspNetCore.Metadata;
using Touchstone.AspNetCore.StepUp;
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
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IAuthorizationHandler, StepUpHandler>());
        builder.Services.TryAddSingleton<MappedMetadata>();
        builder.Services.TryAddSingleton<AccessDecisions>();
        builder.Services.TryAddSingleton(static parts => new TokenPolicyOverrides(parts.GetRequiredService<ILoggerFactory>(), parts.GetService<TimeProvider>() ?? TimeProvider.System));
        // What was used once stays used for as long as the application lives.
        builder.Services.TryAddKeyedSingleton(authenticationScheme, static (parts, scheme) => new ProofChecks(
            parts.GetRequiredService<IOptionsMonitor<TokenIntrospectionSchemeOptions>>().Get((string)scheme!).DPoP, parts.GetService<TimeProvider>() ?? TimeProvider.System));
        // Made when the first token comes, or a health check asks; it lives as long as the application.
        builder.Services.TryAddKeyedSingleton(authenticationScheme, static (parts, scheme) => NewClient(parts, parts.GetRequiredService<IOptionsMonitor<TokenIntrospectionSchemeOptions>>().Get((string)scheme!).Introspection));
        return builder.AddScheme<TokenIntrospectionSchemeOptions, TokenIntrospectionHandler>(authenticationScheme, configure);
    }

    private static IntrospectionClient NewClient(IServiceProvider parts, TokenIntrospectionOptions options)
    {
        if (options.SharedCache is { } shared) shared.Cache ??= parts.GetService<IDistributedCache>();
        return new IntrospectionClient(options, http: null, parts.GetService<ILogger<IntrospectionClient>>(), parts.GetService<TimeProvider>());
    }
}
