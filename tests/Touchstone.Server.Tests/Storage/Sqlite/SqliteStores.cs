using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Audit;
using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Sqlite;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Tests.Storage.Sqlite;

/// <summary>Makes stores with the parts that they have in a server.</summary>
internal static class SqliteStores
{
    private static readonly ServiceProvider Parts = new ServiceCollection()
        .AddMetrics().AddSingleton<ServerMetrics>().AddSingleton(new ServerOptions()).AddSingleton(new AuditOptions()).AddSingleton<AuditCounts>().AddSingleton<TimeProvider>(new ManualTime()).BuildServiceProvider();

    internal static SqliteTokenStore Open(string folder)
    {
        var file = DataFolder.Open(folder);
        try
        {
            return ActivatorUtilities.CreateInstance<SqliteTokenStore>(Parts, file, ActivatorUtilities.CreateInstance<AuditRecorder>(Parts, AuditKey.Open(folder)));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
