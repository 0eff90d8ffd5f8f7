using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>What is known of the token of a request: <c>HttpContext.Features.Get&lt;ITokenIntrospectionFeature&gt;()</c>. There whenever a token was judged, whatever came of it.</summary>
public interface ITokenIntrospectionFeature
{
    /// <summary>The result, and where it came from.</summary>
    IntrospectionResult Result { get; }
}
