using System.Text.Json;
using Touchstone.Protocol;
using Touchstone.Protocol.Introspection;

namespace Touchstone.Server.TokenIssue;

/// <summary>What became of the authorization details of a request: an error, or what is granted (empty where none was asked for) and the resources that it names.</summary>
internal readonly record struct DetailsResult(OAuthError? Error, ReadOnlyMemory<byte> Json = default)
{
    private readonly IReadOnlyList<string>? _locations;

    /// <summary>The resources that they name, each once.</summary>
    internal IReadOnlyList<string> Locations { get => _locations ?? []; init => _locations = value; }
}

/// <summary><c>authorization_details</c> at the token endpoint (RFC 9396 §5, §6). Starts from nothing: a type has to be known here, and registered for the client.</summary>
internal sealed class DetailTypes
{
    private readonly Dictionary<string, DetailType> _types;

    public DetailTypes(ServerOptions options) =>
        _types = options.AuthorizationDetails.Types.Select(type => new DetailType(type.Value.Name ?? type.Key, type.Value.Fields)).ToDictionary(type => type.Name, StringComparer.Ordinal);

    /// <summary>The names of the types.</summary>
    internal IReadOnlyList<string> Names => [.. _types.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Judges what is asked for anew. All of it is granted, or nothing.</summary>
    /// <param name="request">The request.</param>
    /// <param name="reach">The resources that the details may be about.</param>
    internal DetailsResult Read(TokenRequest request, IReadOnlyList<string> reach)
    {
        var asked = request.Exchange.Form["authorization_details"u8];
        if (asked.IsEmpty) return default;
        if (!DetailsJson.TryParse(asked, out var details)) return Refused(DetailsJson.Shape);
        if (Fault(details.Value, request.Client.Registration.Grants?.AuthorizationDetailsTypes ?? [], reach) is { } fault) return Refused(fault);
        var locations = details.Value.EnumerateArray().SelectMany(detail => detail.TryGetProperty("locations"u8, out var named) ? named.EnumerateArray().Select(item => item.GetString()!) : []);
        return new DetailsResult(null, DetailsJson.Write(details.Value)) { Locations = [.. locations.Distinct(StringComparer.Ordinal)] };
    }

    /// <summary>
    /// Judges what is asked for out of what was granted before, by a refresh or subject token: each object has to be one of those, each of which is given once (their equality is the one comparison that is right for every type, RFC 9396 §6.1),
    /// and of a type that this server knows and the client is registered for by now. Nothing asked: all of them that are so, as far as the audience may know of them.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="granted">What was granted before; empty for nothing.</param>
    /// <param name="audience">The audience of the token that is to be issued.</param>
    /// <param name="former">The audience of the token that they were granted with: what names no resource was meant for these, and for no others.</param>
    internal DetailsResult Narrow(TokenRequest request, ReadOnlyMemory<byte> granted, IReadOnlyList<string> audience, IReadOnlyList<string> former)
    {
        var within = DetailsFilter.For(granted, audience);
        var isWithin = audience.All(name => former.Contains(name, StringComparer.Ordinal));
        List<JsonElement> known = within.IsEmpty ? [] : [.. JsonElement.Parse(within.Span).EnumerateArray().Where(detail => isWithin || (detail.ValueKind is JsonValueKind.Object && detail.TryGetProperty("locations"u8, out _)))];
        var registered = request.Client.Registration.Grants?.AuthorizationDetailsTypes ?? [];
        var asked = request.Exchange.Form["authorization_details"u8];
        if (asked.IsEmpty)
        {
            // A server without types knows nothing of those that an administrator gave, and leaves them as they are.
            var kept = _types.Count == 0 ? known : known.FindAll(detail => TypeFault(detail, registered) is null);
            return new DetailsResult(null, DetailsJson.Write(kept));
        }
        if (!DetailsJson.TryParse(asked, out var details)) return Refused(DetailsJson.Shape);
        var given = new List<JsonElement>();
        foreach (var detail in details.Value.EnumerateArray())
        {
            var path = $"authorization_details[{given.Count}]";
            if (TypeFault(detail, registered) is { } fault) return Refused($"{path}.type: {fault}");
            var index = known.FindIndex(other => JsonElement.DeepEquals(other, detail));
            if (index < 0) return Refused($"{path}: was not granted before, or is not for this audience.");
            // As it was granted, and not a second time.
            given.Add(known[index]);
            known.RemoveAt(index);
        }
        return new DetailsResult(null, DetailsJson.Write(given));
    }

    /// <summary>What is wrong with details that an administrator gives a token of ours; null when nothing is. He may use every type, for any resource.</summary>
    internal string? Fault(ReadOnlyMemory<byte> details) => DetailsJson.TryParse(details.Span, out var read) ? Fault(read.Value, null, null) : DetailsJson.Shape;

    private string? Fault(JsonElement details, IReadOnlyList<string>? registered, IReadOnlyList<string>? reach)
    {
        var index = 0;
        foreach (var detail in details.EnumerateArray())
        {
            var path = $"authorization_details[{index++}]";
            if (TypeFault(detail, registered) is { } unfit) return $"{path}.type: {unfit}";
            if (_types[detail.GetProperty("type"u8).GetString()!].Fault(detail, path, reach) is { } fault) return fault;
        }
        return null;
    }

    // What an administrator gave where there were no types need not have one.
    private string? TypeFault(JsonElement detail, IReadOnlyList<string>? registered)
    {
        if (detail.ValueKind is not JsonValueKind.Object || !detail.TryGetProperty("type"u8, out var type) || type.ValueKind is not JsonValueKind.String || type.GetString() is not { } name || !_types.ContainsKey(name)) return "this server has no such type.";
        return registered?.Contains(name, StringComparer.Ordinal) is false ? "is not registered for this client." : null;
    }

    private static DetailsResult Refused(string fault) => new(OAuthError.InvalidAuthorizationDetails.With(fault));
}
