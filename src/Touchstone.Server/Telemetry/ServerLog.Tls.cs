using Microsoft.Extensions.Logging;

namespace Touchstone.Server.Telemetry;

/// <summary>What is logged about the server's certificates.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(80, LogLevel.Information, "New connections to {Endpoint} get the certificate of {Path}, good until {NotAfter:u}")]
    internal static partial void CertificateLoaded(this ILogger logger, string endpoint, string path, DateTime notAfter);

    [LoggerMessage(81, LogLevel.Error, "The new certificate in {Path} can't be used, and the old one stays: {Reason}")]
    internal static partial void CertificateRefused(this ILogger logger, string path, string reason);
}
