using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Storage.Postgres;

/// <summary>The contract on PostgreSQL.</summary>
public sealed class PostgresTokenStoreTests : KeyStoreContract
{
    private PostgresStores _stores = null!;

    private protected override ITokenStore Open() => _stores.Open();

    public override async ValueTask InitializeAsync()
    {
        _stores = await PostgresStores.CreateAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (_stores is null) return; // Skipped.
        await base.DisposeAsync();
        await _stores.DisposeAsync();
    }
}
