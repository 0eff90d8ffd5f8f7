using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Touchstone.Testing.InProcess;

/// <summary>Everything that is logged, at every level, with the exceptions and the values of the message.</summary>
public sealed class CapturedLogs : ILoggerProvider
{
    private readonly ConcurrentQueue<Line> _lines = new();

    public sealed record Line(LogLevel Level, string Category, EventId Id, string Text, Exception? Error);

    public IReadOnlyList<Line> Lines => [.. _lines];

    /// <summary>The lines of one event of the server itself.</summary>
    public IReadOnlyList<Line> Of(int id) => [.. _lines.Where(line => line.Id.Id == id && line.Category.StartsWith("Touchstone", StringComparison.Ordinal))];

    /// <summary>What would wake somebody up, and every exception that the server itself logged.</summary>
    public IReadOnlyList<Line> Failures => [.. _lines.Where(line => line.Level >= LogLevel.Error || (line.Error is not null && line.Category.StartsWith("Touchstone", StringComparison.Ordinal)))];

    /// <summary>All lines as one text.</summary>
    public string Text => string.Join('\n', _lines);

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(CapturedLogs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            logs._lines.Enqueue(new Line(LogLevel.Trace, category, default, "scope: " + Values(state), null));
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logs._lines.Enqueue(new Line(logLevel, category, eventId, formatter(state, exception) + " " + Values(state), exception));

        private static string Values(object? state) =>
            state is IEnumerable<KeyValuePair<string, object?>> values ? string.Join(", ", values.Select(value => $"{value.Key}={value.Value}")) : state?.ToString() ?? "";
    }
}
