// What docs/guides/share-answers.md shows.
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.AspNetCore;
using Touchstone.Client.Redis;

namespace Guides;

internal static class ShareAnswers
{
    internal static void Scheme(WebApplicationBuilder builder)
    {
        // guide: share-answers, sharing
        builder.Services.AddTouchstoneRedisCache(cache => cache.Endpoint = new Uri("redis://127.0.0.1:6379/0"));
        builder.Services.AddAuthentication().AddTokenIntrospection(options =>
        {
            options.Introspection.Issuer = new Uri("https://as.acme.test");
            options.Introspection.ClientId = "rs-orders";
            options.Introspection.ClientSecret = builder.Configuration["IntrospectionSecret"];
            options.Introspection.SharedCache = new() { Key = Convert.FromBase64String(builder.Configuration["SharedCacheKey"]!) };
        });
        // guide: end
    }

    internal static void Redis(IServiceCollection services)
    {
        // guide: share-answers, Redis
        services.AddTouchstoneRedisCache(options =>
        {
            options.Endpoint = new Uri("rediss://app@redis.example:6379/0");
            options.Password = () => File.ReadAllText("/run/secrets/redis").Trim();
        });
        // guide: end
    }
}
