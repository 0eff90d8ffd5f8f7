using Microsoft.Extensions.Hosting;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>Begins to follow the log when the server starts. The store ends it.</summary>
internal sealed class PostgresFollowing(PostgresTokenStore store) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        store.Follow();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
