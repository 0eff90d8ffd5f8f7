using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>Where an application may step in. What is not set costs nothing.</summary>
public class TokenIntrospectionEvents
{
    /// <summary>Before the token is looked for: it may come from elsewhere, as with SignalR. A token set here is judged like any.</summary>
    public Func<TokenReceivingContext, Task>? OnTokenReceiving { get; set; }

    /// <summary>A token is active, in its time and for this API. What is failed here is refused as an invalid token.</summary>
    public Func<TokenIntrospectedContext, Task>? OnTokenIntrospected { get; set; }
}

/// <summary>Of <see cref="TokenIntrospectionEvents.OnTokenReceiving"/>.</summary>
public sealed class TokenReceivingContext(HttpContext context, AuthenticationScheme scheme, TokenIntrospectionSchemeOptions options) : ResultContext<TokenIntrospectionSchemeOptions>(context, scheme, options)
{
    /// <summary>The token; null: the <c>Authorization</c> header has it.</summary>
    public string? Token { get; set; }
}

/// <summary>Of <see cref="TokenIntrospectionEvents.OnTokenIntrospected"/>.</summary>
public sealed class TokenIntrospectedContext(HttpContext context, AuthenticationScheme scheme, TokenIntrospectionSchemeOptions options) : ResultContext<TokenIntrospectionSchemeOptions>(context, scheme, options)
{
    /// <summary>What is known of the token.</summary>
    public required IntrospectionResult Introspection { get; init; }
}
