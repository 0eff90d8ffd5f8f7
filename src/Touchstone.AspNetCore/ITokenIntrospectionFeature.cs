using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>What is known of the token of a request: <c>HttpContext.Features.Get&lt;ITokenIntrospectionFeature&gt;()</c>. There whenever a token was judged. Of one that is active, and refused here all the same, it says no more than that it is inactive.</summary>
public interface ITokenIntrospectionFeature
{
    /// <summary>The result, and where it came from.</summary>
    IntrospectionResult Result { get; }
}
