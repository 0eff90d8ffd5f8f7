using System.Security.Cryptography;
using System.Text;

namespace Touchstone.Server.Audit;

/// <summary>What stands in a record for a field with personal data: the value, its keyed hash, or nothing.</summary>
internal sealed class AuditPrivacy(AuditPrivacyOptions options, byte[] key)
{
    private const string Mark = "h:";
    private const int Kept = 16;

    internal string? Subject(string? value) => Of(options.Subject, "subject", value);

    internal string? Session(string? value) => Of(options.Session, "session", value);

    internal string? Grant(string? value) => Of(options.Grant, "grant", value);

    internal string? Tenant(string? value) => Of(options.Tenant, "tenant", value);

    internal string? Jti(string? value) => Of(options.Jti, "jti", value);

    internal string? Address(string? value) => Of(options.Address, "address", value);

    internal string? UserAgent(string? value) => Of(options.UserAgent, "user_agent", value);

    /// <summary>The keyed hash of a field's value: the name of the field is part of it, so that equal values of two fields don't meet.</summary>
    internal static string Hash(byte[] key, string field, string value)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{field}\n{value}"), mac);
        return Mark + Convert.ToHexStringLower(mac[..Kept]);
    }

    private string? Of(Privacy mode, string field, string? value) => (value, mode) switch
    {
        (null, _) or (_, Privacy.Omit) => null,
        (_, Privacy.Hash) => Hash(key, field, value),
        _ => value,
    };
}
