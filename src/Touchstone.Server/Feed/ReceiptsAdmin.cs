using System.Globalization;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Admin;
using Touchstone.Server.Leases;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Feed;

/// <summary>Receipts of revocations: with the answer to one that waits, and at <c>GET /admin/revocations/{seq}/receipt</c> later.</summary>
internal sealed class ReceiptsAdmin(Receipts receipts, FeedPump pump, UnfollowedCallers unfollowed, ITokenStore store, Freshness freshness)
{
    private readonly string _instance = Guid.NewGuid().ToString("N");

    /// <summary>Waits for those who follow, and says how it stands then.</summary>
    /// <param name="seq">The newest row of the revocation.</param>
    /// <param name="id">Its id.</param>
    /// <param name="begun">This node's clocks when the request came.</param>
    /// <param name="wait">How long at most.</param>
    /// <param name="aborted">Ends when the caller goes away.</param>
    internal async Task<ReceiptView> WaitAsync(long seq, Guid? id, ClockReading begun, TimeSpan wait, CancellationToken aborted)
    {
        var row = new LogCursor(pump.Published.Epoch, seq, id ?? Guid.Empty);
        var receipt = receipts.Open(row, begun, await NodesAsync());
        await receipts.WaitAsync(receipt, wait, aborted);
        return View(receipt);
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
        var receipt = receipts.Of(new LogCursor(pump.Published.Epoch, seq, row.Id), row.At, await NodesAsync());
        receipt.Look(freshness.Now);
        exchange.Answer(200, View(receipt), AdminJson.Default.ReceiptView);
    }

    private ReceiptView View(Receipt receipt) => receipt.View(unfollowed.Now(), freshness.Now);

    // The row binds every node by now, or it would not have been answered. But whom the others have told of it is not known here.
    private async Task<IReadOnlyList<ReceiptParty>> NodesAsync()
    {
        var self = new ReceiptParty(Environment.MachineName, _instance, Receipt.Party.Confirmed, null);
        try
        {
            var nodes = await freshness.NodesAsync();
            if (nodes.Count == 0) return [self];
            return [.. nodes.Select(node => new ReceiptParty(node.Name, node.Instance.ToString("N"), nodes.Count == 1 ? Receipt.Party.Confirmed : Receipt.Party.Unknown, null))];
        }
        catch (StoreException)
        {
            return [self, new ReceiptParty("others", "", Receipt.Party.Unknown, null)];
        }
    }
}
