namespace Touchstone.Protocol.Leases;

/// <summary>A node as the others see it in the database.</summary>
/// <param name="Name">Its name, for people.</param>
/// <param name="Instance">Random for each registration: what an earlier process of the same name acknowledged says nothing about this one, and a node that registers anew counts its heartbeats from the start.</param>
/// <param name="Beat">Counts its heartbeats; negative when it has left, having given up its lease.</param>
/// <param name="Epoch">The epoch of what it acknowledged.</param>
/// <param name="Acknowledged">Every row up to this one binds every decision that it takes from now on.</param>
public readonly record struct NodeRow(string Name, Guid Instance, long Beat, Guid Epoch, long Acknowledged)
{
    /// <summary>Whether it has left: it decides nothing any more.</summary>
    public bool HasLeft => Beat < 0;
}
