using System.Net;
using Microsoft.AspNetCore.Builder;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>Scopes that an endpoint needs in several places.</summary>
public sealed class ScopeTests
{
    [Theory]
    [InlineData("orders:read", HttpStatusCode.Forbidden)]
    [InlineData("orders:write", HttpStatusCode.Forbidden)]
    [InlineData("orders:read orders:write", HttpStatusCode.OK)]
    public async Task L07_What_a_group_and_its_endpoint_require_adds_up(string scope, HttpStatusCode status)
    {
        await using var api = await BoundApi.StartAsync(map: static app => app.MapGroup("/group").RequireScope("orders:read").MapGet("/write", static () => "written").RequireScope("orders:write"));
        var token = api.TokenOf(scope);
        var response = await api.SendAsync("/group/write", "Bearer " + token);
        response.StatusCode.ShouldBe(status);
        if (status is HttpStatusCode.Forbidden) response.Challenge().ShouldEndWith("scope=\"orders:read orders:write\"");
    }
}
