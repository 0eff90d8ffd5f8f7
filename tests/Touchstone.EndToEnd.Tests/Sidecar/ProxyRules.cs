using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>
/// Rules L40 to L49 through a real proxy, with the sample as it is shipped: written once, run on each. What is asked is what a client could send; what counts is what the service behind was told. Each part is in a file of its own.
/// </summary>
[Collection(LoadCollection.Name)]
public abstract partial class ProxyRules<T>(T proxy) : IClassFixture<T>
    where T : ProxyUnderTest
{
    // What proxies say themselves of a request that is none: too long a target, too large headers.
    private static readonly int[] Refusals = [400, 401, 403, 405, 414, 431];

    private ProxySite Site => proxy.Site;

    private static void ShouldBeRefused(Answer answer, string why) => Refusals.ShouldContain(answer.Status, why);
}
