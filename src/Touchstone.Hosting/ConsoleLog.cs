using Microsoft.Extensions.Logging;

namespace Touchstone.Hosting;

/// <summary>How lines of the log look on a console: one each, with its time in UTC first.</summary>
internal static class ConsoleLog
{
    internal static ILoggingBuilder AddConsoleLog(this ILoggingBuilder logging) => logging.AddSimpleConsole(static console =>
    {
        console.SingleLine = true;
        console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        console.UseUtcTimestamp = true;
    });
}
