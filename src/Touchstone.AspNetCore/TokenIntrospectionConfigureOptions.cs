using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>Reads a scheme from <c>Authentication:Schemes:NAME</c>: Realm, Audiences, Introspection:Issuer, and whatever else the options have.</summary>
internal sealed class TokenIntrospectionConfigureOptions(IAuthenticationConfigurationProvider configuration) : IConfigureNamedOptions<TokenIntrospectionSchemeOptions>
{
    public void Configure(string? name, TokenIntrospectionSchemeOptions options)
    {
        if (string.IsNullOrEmpty(name)) return;
        options.Introspection.Name = name;
        var scheme = configuration.GetSchemeConfiguration(name);
        if (!scheme.GetChildren().Any()) return;
        if (scheme["Realm"] is { } realm) options.Realm = realm;
        if (scheme["ResourceMetadata"] is { } metadata) options.ResourceMetadata = metadata;
        if (scheme["Resource"] is { } resource) options.Resource = new Uri(resource, UriKind.RelativeOrAbsolute);
        options.LogDecisions = scheme.GetValue(nameof(options.LogDecisions), options.LogDecisions);
        scheme.GetSection("Metadata").Bind(options.Metadata);
        scheme.GetSection("DPoP").Bind(options.DPoP);
        var query = scheme.GetSection("TokenFromQuery");
        if (query.GetChildren().Any())
        {
            var source = options.TokenFromQuery ??= new TokenFromQueryOptions();
            query.Bind(source);
        }
        foreach (var audience in scheme.GetSection("Audiences").GetChildren()) options.Audiences.Add(audience.Value!);
        scheme.GetSection("Introspection").Bind(options.Introspection);
        options.Introspection.Policy = Read(scheme.GetSection("Introspection:Policy"), options.Introspection.Policy);
    }

    public void Configure(TokenIntrospectionSchemeOptions options) => Configure(Options.DefaultName, options);

    // The binder sets no property that is only set at the beginning, and a policy changes never.
    private static IntrospectionPolicy Read(IConfigurationSection section, IntrospectionPolicy policy) => new()
    {
        MaxTtl = section.GetValue(nameof(policy.MaxTtl), policy.MaxTtl),
        PlainTtl = section.GetValue(nameof(policy.PlainTtl), policy.PlainTtl),
        UnfollowedTtl = section.GetValue(nameof(policy.UnfollowedTtl), policy.UnfollowedTtl),
        NegativeTtl = section.GetValue(nameof(policy.NegativeTtl), policy.NegativeTtl),
        StaleWhileRevalidate = section.GetValue(nameof(policy.StaleWhileRevalidate), policy.StaleWhileRevalidate),
        RecheckProbability = section.GetValue(nameof(policy.RecheckProbability), policy.RecheckProbability),
        RecheckRisk = policy.RecheckRisk,
        AlsoIntrospectJwts = section.GetValue(nameof(policy.AlsoIntrospectJwts), policy.AlsoIntrospectJwts),
        FailMode = section.GetValue(nameof(policy.FailMode), policy.FailMode),
        MaxStale = section.GetValue(nameof(policy.MaxStale), policy.MaxStale),
    };
}
