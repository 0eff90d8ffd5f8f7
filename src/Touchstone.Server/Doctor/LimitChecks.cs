using Touchstone.Server.Startup;

namespace Touchstone.Server.Doctor;

/// <summary>Whether anything keeps one caller from harming the others, and strangers from guessing.</summary>
internal static class LimitChecks
{
    private const int Named = 5;

    internal static DoctorCheck Of(ServerOptions options, IReadOnlyList<ClientFacts> clients)
    {
        var limits = options.Limits;
        List<string> off = [];
        if (limits.ClientRate == 0) off.Add("clients have no rate by default (Limits:ClientRate)");
        if (limits.AddressFailures == 0) off.Add("failures of an address are not counted (Limits:AddressFailures)");
        if (limits.MaxFailureDelay == TimeSpan.Zero) off.Add("who guesses is not made to wait (Limits:MaxFailureDelay)");
        // The demo's have none on purpose, and have a check of their own.
        var free = clients.Where(client => client.IsEnabled && client.Rate == 0 && client.Id is not (DemoData.ResourceServerId or DemoData.ClientId)).Select(client => client.Id).Order(StringComparer.Ordinal).ToArray();
        if (free.Length > 0) off.Add($"{free.Length} clients were registered without a rate: {string.Join(", ", free.Take(Named))}{(free.Length > Named ? " and others" : "")}");
        if (options.AllowInsecureHttp && limits.TrustedProxies.Count == 0) off.Add("plain http is served and no proxy is named (Limits:TrustedProxies), so behind one all callers share its address");
        return off.Count == 0
            ? DoctorCheck.Ok("limits", $"Clients have a rate of {limits.ClientRate} a second or their own, and failures are slowed down.")
            : DoctorCheck.Warn("limits", $"Limits are off: {string.Join("; ", off)}.", "See that it is meant so: docs/limits.md tells what each is there for. On several nodes each counts for itself.");
    }
}
