using Touchstone.Client;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads how long answers are used, and what happens when the server can't be asked: <c>fail_mode</c>, <c>max_stale</c>, <c>max_ttl</c>, <c>plain_ttl</c>.</summary>
internal static class PolicyReader
{
    internal static IntrospectionPolicy Read(ConfigMap map)
    {
        var policy = new IntrospectionPolicy();
        if (map["fail_mode"] is { } mode && mode.Text() is { } text)
        {
            switch (text)
            {
                case "closed": break;
                case "stale_if_error": policy = policy with { FailMode = FailMode.StaleIfError }; break;
                case "open": policy = policy with { FailMode = FailMode.FailOpen }; break;
                default: mode.Fault("It is closed, stale_if_error or open."); break;
            }
        }
        if (map["max_stale"]?.Duration() is { } stale) policy = policy with { MaxStale = stale };
        if (map["max_ttl"]?.Duration() is { } ttl) policy = policy with { MaxTtl = ttl };
        if (map["plain_ttl"]?.Duration() is { } plain) policy = policy with { PlainTtl = plain };
        try
        {
            policy.Validate();
        }
        catch (ArgumentException wrong)
        {
            OptionNames.Tell(map, [wrong.Message]);
        }
        return policy;
    }
}
