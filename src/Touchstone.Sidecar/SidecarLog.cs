using System.Globalization;
using Microsoft.Extensions.Logging;
using Touchstone.Sidecar.Configuration;

namespace Touchstone.Sidecar;

/// <summary>What the sidecar logs.</summary>
internal static partial class SidecarLog
{
    /// <summary>How many rules a file has, in words.</summary>
    internal static string Counted(SidecarConfig config) => Counted(config.Rules.All.Count, "rule") + (config.Admission is { } admission ? $", {Counted(admission.Rules.Count, "rule")} of admission" : "");

    internal static string Counted(int number, string thing) => string.Create(CultureInfo.InvariantCulture, $"{number} {thing}{(number == 1 ? "" : "s")}");

    /// <summary>Tells what is valid in a file, and perhaps not meant.</summary>
    internal static void TellWarnings(this ILogger logger, string file, IReadOnlyList<ConfigFault> warnings)
    {
        foreach (var warning in warnings) logger.FileWarns(file, warning.Line, warning.ToString());
    }

    [LoggerMessage(8, LogLevel.Warning, "{File}, line {Line}: {Warning}")]
    private static partial void FileWarns(this ILogger logger, string file, int line, string warning);

    [LoggerMessage(1, LogLevel.Information, "Proxies ask at {Addresses}; operators at {Admin}. In force: {Rules}.")]
    internal static partial void Started(this ILogger logger, string addresses, string admin, string rules);

    [LoggerMessage(2, LogLevel.Information, "{File} changed: version {Version} of the rules is in force: {Rules}.")]
    internal static partial void RulesTaken(this ILogger logger, string file, int version, string rules);

    [LoggerMessage(3, LogLevel.Error, "{File} changed and is not valid, so version {Version} of the rules stays in force. Line {Line}: {Fault}")]
    internal static partial void RulesRefused(this ILogger logger, string file, int version, int line, string fault);

    [LoggerMessage(7, LogLevel.Warning, "{File} says something else than at the start in {Sections}, which counts from the next start only. Restart the sidecar for that.")]
    internal static partial void WaitsForStart(this ILogger logger, string file, string sections);

    [LoggerMessage(4, LogLevel.Error, "Looking at {File} failed; it is looked at again.")]
    internal static partial void LookingFailed(this ILogger logger, string file, Exception bug);

    [LoggerMessage(5, LogLevel.Warning, "An operator set another policy for rule {Rule} until {Until:u}: fail mode {FailMode}, longest TTL {MaxTtl}. Reason: {Reason}")]
    internal static partial void Overridden(this ILogger logger, string rule, DateTimeOffset until, string failMode, string maxTtl, string reason);

    [LoggerMessage(6, LogLevel.Warning, "The policy of rule {Rule} is that of the file again: {Why}")]
    internal static partial void OverrideEnded(this ILogger logger, string rule, string why);
}
