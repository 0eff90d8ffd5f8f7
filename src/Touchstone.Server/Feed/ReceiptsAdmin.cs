using System.Globalization;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Admin;
using Touchstone.Server.Leases;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Feed;

/// <summary>Receipts of revocations: with the answer to one that waits, and at <c>GET /admin/revocations/{seq}/receipt</c> later.</summary>
internal sealed class ReceiptsAdmin(Receipts receipts, FeedPump pump, UnfollowedCallers unfollowed, ITokenStore store, ServerOptions options, TimeProvider time)
{
    private readonly ReceiptParty _self = new(options.Postgres.NodeName ?? Environment.MachineName, Guid.NewGuid().ToString("N"), Receipt.Confirmed, null);

    /// <summary>Waits for those who follow, and says how it stands then.</summary>
    /// <param name="seq">The newest row of the revocation.</param>
    /// <param name="id">Its id.</param>
    /// <param name="begun">This node's clocks when the request came.</param>
    /// <param name="wait">How long at most.</param>
    /// <param name="aborted">Ends when the caller goes away.</param>
    internal async Task<ReceiptView> WaitAsync(long seq, Guid? id, ClockReading begun, TimeSpan wait, CancellationToken aborted)
    {
        var receipt = receipts.Open(new LogCursor(pump.Published.Epoch, seq, id ?? Guid.Empty), begun);
        await receipts.WaitAsync(receipt, wait, aborted);
        return receipt.View(_self, unfollowed.Now(), time.Read());
    }

    internal async Task ShowAsync(AdminExchange exchange)
    {
        var text = exchange.RouteValue("seq");
        var row = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seq) ? await store.FindRowAsync(seq, exchange.Aborted) : null;
        if (row is null)
        {
            exchange.Refuse(404, $"There is no revocation {text}, or it is forgotten.");
            return;
        }
        var receipt = receipts.Of(new LogCursor(pump.Published.Epoch, seq, row.Id), row.At);
        await receipts.LookAsync(receipt);
        exchange.Answer(200, receipt.View(_self, unfollowed.Now(), time.Read()), AdminJson.Default.ReceiptView);
    }
}
