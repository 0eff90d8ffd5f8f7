using System.Diagnostics.CodeAnalysis;

namespace Touchstone.Sidecar.Rules;

/// <summary>A host name, or <c>*.example.com</c>: one label before the rest. The port does not count, nor does the case.</summary>
internal sealed class HostPattern
{
    private readonly string _name;
    private readonly bool _isWildcard;

    private HostPattern(string text, string name, bool isWildcard) => (Text, _name, _isWildcard) = (text, name, isWildcard);

    internal string Text { get; }

    internal static bool TryParse(string text, [NotNullWhen(true)] out HostPattern? pattern)
    {
        var isWildcard = text.StartsWith("*.", StringComparison.Ordinal);
        pattern = RequestHost.TryParse(isWildcard ? text[2..] : text, out var name, hasPort: false) ? new HostPattern(text, name, isWildcard) : null;
        return pattern is not null;
    }

    internal bool Matches(string host) => _isWildcard
        ? host.IndexOf('.') is > 0 and var dot && host.AsSpan(dot + 1).SequenceEqual(_name)
        : host == _name;

    /// <summary>Whether every host that is of that pattern is of this one too.</summary>
    internal bool Covers(HostPattern other) => other._isWildcard ? _isWildcard && _name == other._name : Matches(other._name);
}

/// <summary>The host of a request in the form that rules are compared with: in lower case, without port and final dot.</summary>
internal static class RequestHost
{
    private const int MaxLength = 255;

    internal static bool TryParse(string text, out string host, bool hasPort = true)
    {
        host = "";
        if (text.Length is 0 or > MaxLength) return false;
        var name = text;
        if (text[0] == '[')
        {
            var end = text.IndexOf(']');
            if (end < 0 || !System.Net.IPAddress.TryParse(text.AsSpan(1, end - 1), out var address) || address.AddressFamily is not System.Net.Sockets.AddressFamily.InterNetworkV6) return false;
            if (!IsPort(text[(end + 1)..], hasPort)) return false;
            host = $"[{address}]";
            return true;
        }
        var colon = text.IndexOf(':');
        if (colon >= 0)
        {
            if (!IsPort(text[colon..], hasPort)) return false;
            name = text[..colon];
        }
        if (name.EndsWith('.')) name = name[..^1];
        if (name.Length == 0 || !name.Split('.').All(static label => label.Length is > 0 and <= 63 && label.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))) return false;
        host = name.ToLowerInvariant();
        return true;
    }

    private static bool IsPort(string text, bool mayBe) => text.Length == 0 || (mayBe && text[0] == ':' && text.Length is > 1 and <= 6 && text.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0);
}
