using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Touchstone.Server.Audit;
using Touchstone.Server.Cleanup;
using Touchstone.Server.Detection;
using Touchstone.Server.Feed;
using Touchstone.Server.Introspection;
using Touchstone.Server.Limits;
using Touchstone.Server.Signing;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Server.Telemetry;
using Touchstone.Server.TokenIssue;
using Touchstone.Server.TokenIssue.Refresh;

namespace Touchstone.Server.Settings;

/// <summary>Every setting below <c>Touchstone</c>. A public property of a class that stands here is a setting; a new group of settings needs a line here.</summary>
internal static class ServerSettings
{
    internal static IReadOnlyList<Setting> All { get; } =
    [
        .. Of<ServerOptions>("", options => options),
        .. Of<RefreshTokenOptions>("RefreshTokens", options => options.RefreshTokens),
        .. Of<PostgresOptions>("Postgres", options => options.Postgres),
        .. Of<ClientCertificateOptions>("ClientCertificates", options => options.ClientCertificates),
        .. Of<DPoPProofOptions>("DPoP", options => options.DPoP),
        .. Of<LimitOptions>("Limits", options => options.Limits),
        .. Of<DetectionOptions>("Detection", options => options.Detection),
        .. Of<FeedOptions>("Feed", options => options.Feed),
        .. Of<SignedAnswerOptions>("SignedAnswers", options => options.SignedAnswers),
        .. Of<CleanupOptions>("Cleanup", options => options.Cleanup),
        .. Of<SigningOptions>("Signing", options => options.Signing),
        .. Of<AuditOptions>("Audit", options => options.Audit),
        .. Of<AuditPrivacyOptions>("Audit:Privacy", options => options.Audit.Privacy),
        .. Of<SyslogOptions>("Audit:Syslog", options => options.Audit.Syslog),
        .. Of<OtlpOptions>("Otlp", options => options.Otlp),
    ];

    /// <summary>What is wrong with values, by their bounds.</summary>
    internal static IEnumerable<string> Faults(ServerOptions options) => All.Select(setting => setting.Fault(options)).OfType<string>();

    // The type is named, so that a trimmed program keeps its properties.
    private static IEnumerable<Setting> Of<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(string group, Func<ServerOptions, T> owner)
        where T : class =>
        typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite && IsValue(property.PropertyType)).Select(property => new Setting(group, property, owner));

    /// <summary>Whether a property of this type is a setting and no group of them.</summary>
    internal static bool IsValue(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) is var plain && (plain.IsEnum || plain == typeof(string) || plain == typeof(bool) || plain == typeof(int) || plain == typeof(long) || plain == typeof(TimeSpan) || plain == typeof(IList<string>));
}
