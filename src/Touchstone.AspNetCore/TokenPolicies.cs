using Microsoft.AspNetCore.Builder;
using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>The policy of an endpoint.</summary>
internal sealed record TokenPolicyMetadata(IntrospectionPolicy Policy);

/// <summary>How long answers are used at an endpoint, and what happens there when the server can't be asked.</summary>
public static class TokenPolicyExtensions
{
    /// <summary>The endpoint, or each of the group, has a policy of its own: <c>.WithTokenPolicy(new() { MaxTtl = TimeSpan.FromSeconds(5) })</c>.</summary>
    /// <exception cref="ArgumentException">The policy is not what it has to be; the message says all that is wrong.</exception>
    public static TBuilder WithTokenPolicy<TBuilder>(this TBuilder builder, IntrospectionPolicy policy)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(policy);
        policy.Validate();
        var metadata = new TokenPolicyMetadata(policy);
        builder.Add(endpoint => endpoint.Metadata.Add(metadata));
        return builder;
    }
}
