using System.Text;
using Microsoft.Extensions.Primitives;

namespace Touchstone.AspNetCore;

/// <summary>What a challenge says is wrong.</summary>
/// <param name="Error">The code.</param>
/// <param name="Description">Why, in words that tell nothing of the token.</param>
/// <param name="Scope">The scopes that are needed.</param>
/// <param name="AcrValues">The authentication that is needed (RFC 9470).</param>
/// <param name="MaxAge">How long ago it may be, in seconds.</param>
internal readonly record struct Problem(string Error, string? Description = null, string? Scope = null, string? AcrValues = null, string? MaxAge = null);

/// <summary>Writes challenges (RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3, RFC 9728 §5.1): one line for each scheme.</summary>
internal static class Challenges
{
    /// <summary>One challenge for each scheme that is taken; the problem goes into that of the scheme that was used (RFC 9449 §7.2).</summary>
    internal static StringValues All(TokenIntrospectionSchemeOptions options, string? metadata, TokenScheme used, Problem? problem) => options.DPoP.Mode switch
    {
        DPoPMode.Off => Of(TokenScheme.Bearer, options, metadata, problem),
        DPoPMode.Required => Of(TokenScheme.DPoP, options, metadata, problem),
        _ => new StringValues([Of(TokenScheme.Bearer, options, metadata, used is TokenScheme.Bearer ? problem : null), Of(TokenScheme.DPoP, options, metadata, used is TokenScheme.DPoP ? problem : null)]),
    };

    // What goes in is checked when it is configured, so nothing here needs an escape.
    internal static string Of(TokenScheme scheme, TokenIntrospectionSchemeOptions options, string? metadata, Problem? problem)
    {
        var text = new StringBuilder($"{scheme} realm=\"{options.Realm}\"");
        Add("error", problem?.Error);
        Add("error_description", options.IncludeErrorDetails ? problem?.Description : null);
        Add("scope", problem?.Scope);
        Add("acr_values", problem?.AcrValues);
        Add("max_age", problem?.MaxAge);
        Add("algs", scheme is TokenScheme.DPoP ? string.Join(' ', options.DPoP.EffectiveAlgorithms) : null);
        Add("resource_metadata", metadata);
        return text.ToString();

        void Add(string name, string? value)
        {
            if (value is not null) text.Append(", ").Append(name).Append("=\"").Append(value).Append('"');
        }
    }
}
