using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace Touchstone.AspNetCore;

/// <summary>What attributes on a method of a SignalR hub ask for. The framework itself reads of them only that a user is needed.</summary>
internal sealed class HubRequirements : IHubFilter
{
    // As many as hubs have methods.
    private static readonly ConcurrentDictionary<MethodInfo, IAuthorizationRequirement[]> Needed = new();

    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var needed = Needed.GetOrAdd(invocationContext.HubMethod, static method => [.. method.GetCustomAttributes(inherit: true).OfType<IAuthorizationRequirementData>().SelectMany(data => data.GetRequirements())]);
        if (needed.Length == 0) return await next(invocationContext);
        var authorization = invocationContext.ServiceProvider.GetRequiredService<IAuthorizationService>();
        if (!(await authorization.AuthorizeAsync(invocationContext.Context.User ?? new(), invocationContext, needed)).Succeeded)
            throw new HubException($"Failed to invoke '{invocationContext.HubMethodName}' because user is unauthorized");
        return await next(invocationContext);
    }
}
