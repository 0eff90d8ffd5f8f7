using Touchstone.Server.Audit;

namespace Touchstone.Server.Tests.Audit;

/// <summary>What a revocation reached, as the audit tells it.</summary>
public sealed class ImpactTests
{
    [Fact]
    public async Task A_revocation_is_told_with_who_was_accepted_before_and_who_was_refused_since()
    {
        using var folder = await AuditedFolder.MakeAsync();
        var revoked = folder.Records(AuditKind.Revoked)[0];
        var impact = AuditImpact.Of(folder.Data, revoked.GetProperty("revocation").GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture), TestStore.Connection(folder.Data))!;
        impact.AcceptedBefore.ShouldHaveSingleItem().ShouldSatisfyAllConditions(line => line.Caller.ShouldBe("rs-orders"), line => line.Address.ShouldBe("127.0.0.1"), line => line.Count.ShouldBe(1));
        impact.RefusedSince.ShouldHaveSingleItem().Count.ShouldBe(1);
        impact.NotRecorded.ShouldBeEmpty();
        AuditImpact.Of(folder.Data, revoked.GetProperty("id").GetString()!, TestStore.Connection(folder.Data)).ShouldNotBeNull();
        AuditImpact.Of(folder.Data, "4711", TestStore.Connection(folder.Data)).ShouldBeNull();
    }

    [Theory]
    [InlineData(IntrospectionAudit.Sampled, "one of 100")]
    [InlineData(IntrospectionAudit.Refused, "active answers were not recorded")]
    [InlineData(IntrospectionAudit.Off, "no introspection was recorded")]
    public async Task What_was_not_recorded_is_said_to_be_so(IntrospectionAudit mode, string note)
    {
        using var folder = await AuditedFolder.MakeAsync(mode);
        var seq = folder.Records(AuditKind.Revoked)[0].GetProperty("revocation").GetInt64();
        AuditImpact.Of(folder.Data, seq.ToString(System.Globalization.CultureInfo.InvariantCulture), TestStore.Connection(folder.Data))!.NotRecorded.ShouldHaveSingleItem().ShouldContain(note);
    }
}
