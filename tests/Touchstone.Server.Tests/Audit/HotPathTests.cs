using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Introspection;
using Touchstone.Server.Audit;
using Touchstone.Server.Http;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Audit;

/// <summary>What an introspection pays for the audit.</summary>
public sealed class HotPathTests
{
    [Theory]
    [InlineData(IntrospectionAudit.Sampled)]
    [InlineData(IntrospectionAudit.Refused)]
    [InlineData(IntrospectionAudit.Off)]
    public async Task An_active_answer_that_is_not_recorded_allocates_nothing(IntrospectionAudit mode)
    {
        await using var server = await TestServer.StartAsync(options => (options.Audit.Introspection, options.Audit.SampleOneIn) = (mode, 1_000_000));
        var audit = server.Services.GetRequiredService<AuditLog>();
        var exchange = new FormExchange();
        exchange.Begin(new DefaultHttpContext(), 0);
        FoundToken found = default;
        Repeat(audit, exchange, found, 1000);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(audit, exchange, found, 1000);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static void Repeat(AuditLog audit, FormExchange exchange, in FoundToken found, int times)
    {
        for (var i = 0; i < times; i++) audit.Introspected(exchange, [], found, InactiveReason.None).IsCompletedSuccessfully.ShouldBeTrue();
    }
}
