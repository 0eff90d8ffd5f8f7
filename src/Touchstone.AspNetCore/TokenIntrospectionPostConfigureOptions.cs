using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>What is configured last for clients holds for the clients of schemes too, by the name of the scheme: so the same line puts a fake server in place of both.</summary>
internal sealed class TokenIntrospectionPostConfigureOptions(IEnumerable<IPostConfigureOptions<TokenIntrospectionOptions>> last, IServiceProvider parts) : IPostConfigureOptions<TokenIntrospectionSchemeOptions>
{
    public void PostConfigure(string? name, TokenIntrospectionSchemeOptions options)
    {
        foreach (var one in last) one.PostConfigure(name, options.Introspection);
        if (options.Introspection.SharedCache is { } shared) shared.Cache ??= parts.GetService<IDistributedCache>();
    }
}
