using Touchstone.Server;

namespace Touchstone.Testing.InProcess;

/// <summary>Settings for tests that send more than a caller may, or fail more often, while the clock stands still.</summary>
public static class Unlimited
{
    /// <summary>Turns the limits per client and per address off.</summary>
    public static void Unlimit(this ServerOptions options) => (options.Limits.ClientRate, options.Limits.AddressFailures) = (0, 0);
}
