using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Touchstone.Client.Telemetry;

/// <summary>Tells once of each function of the application that it throws, and what; not the text, which may hold a secret.</summary>
internal sealed class CallbackFaults(ILogger logger)
{
    private readonly ConcurrentDictionary<string, bool> _told = new();

    internal void Tell(string callback, Exception thrown)
    {
        if (_told.TryAdd(callback, true)) logger.CallbackThrew(callback, thrown.GetType().Name);
    }
}
