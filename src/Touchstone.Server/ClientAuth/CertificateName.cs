using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Touchstone.Server.Clients;

namespace Touchstone.Server.ClientAuth;

/// <summary>Whether a certificate has the one name that a client registered (RFC 8705 §2.1.2).</summary>
internal static class CertificateName
{
    private const string SubjectAlternativeName = "2.5.29.17";

    // The choices of GeneralName (RFC 5280 §4.2.1.6).
    private const int Email = 1, Dns = 2, Uri = 6, Ip = 7;

    internal static bool Matches(ClientRegistration client, X509Certificate2 certificate)
    {
        try
        {
            return client switch
            {
                { TlsClientAuthSubjectDn: { } name } => IsSame(new X500DistinguishedName(name), certificate.SubjectName),
                { TlsClientAuthSanDns: { } name } => Texts(certificate, Dns).Any(value => value.Equals(name, StringComparison.OrdinalIgnoreCase)),
                { TlsClientAuthSanUri: { } name } => Texts(certificate, Uri).Any(value => value == name),
                { TlsClientAuthSanEmail: { } name } => Texts(certificate, Email).Any(value => IsSameMailbox(value, name)),
                { TlsClientAuthSanIp: { } name } => IPAddress.Parse(name).GetAddressBytes() is { } address && Names(certificate, Ip).Any(value => value.AsSpan().SequenceEqual(address)),
                _ => false,
            };
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or AsnContentException)
        {
            return false; // A name that can't be read is not the one that is registered.
        }
    }

    /// <summary>By value: the same attributes in the same order with the same text, however the text is encoded. Case counts: in doubt it is somebody else.</summary>
    internal static bool IsSame(X500DistinguishedName registered, X500DistinguishedName shown)
    {
        if (registered.RawData.AsSpan().SequenceEqual(shown.RawData)) return true;
        var left = registered.EnumerateRelativeDistinguishedNames(reversed: false).ToArray();
        var right = shown.EnumerateRelativeDistinguishedNames(reversed: false).ToArray();
        return left.Length == right.Length && left.Length > 0 && left.Zip(right).All(pair => IsSame(pair.First, pair.Second));
    }

    private static bool IsSame(X500RelativeDistinguishedName left, X500RelativeDistinguishedName right)
    {
        if (left.HasMultipleElements || right.HasMultipleElements) return left.RawData.Span.SequenceEqual(right.RawData.Span);
        return left.GetSingleElementType().Value == right.GetSingleElementType().Value && left.GetSingleElementValue() is { } value && value == right.GetSingleElementValue();
    }

    // Only the part behind @ has no case (RFC 5321 §2.4).
    private static bool IsSameMailbox(string left, string right)
    {
        var (a, b) = (left.LastIndexOf('@'), right.LastIndexOf('@'));
        return a > 0 && a == b && left.AsSpan(0, a).SequenceEqual(right.AsSpan(0, b)) && left.AsSpan(a).Equals(right.AsSpan(b), StringComparison.OrdinalIgnoreCase);
    }

    private static IEnumerable<string> Texts(X509Certificate2 certificate, int choice) => Names(certificate, choice).Select(System.Text.Encoding.Latin1.GetString);

    private static List<byte[]> Names(X509Certificate2 certificate, int choice)
    {
        var names = new List<byte[]>();
        foreach (var extension in certificate.Extensions.Where(extension => extension.Oid?.Value == SubjectAlternativeName))
        {
            var sequence = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData)
            {
                var tag = sequence.PeekTag();
                if (tag.TagClass is TagClass.ContextSpecific && tag.TagValue == choice && !tag.IsConstructed) names.Add(sequence.ReadOctetString(tag));
                else sequence.ReadEncodedValue();
            }
        }
        return names;
    }
}
