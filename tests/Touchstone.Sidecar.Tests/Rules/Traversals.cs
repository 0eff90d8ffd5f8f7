namespace Touchstone.Sidecar.Tests.Rules;

/// <summary>Ways to name one path by another one, as advisories of proxies and frameworks tell them.</summary>
internal static class Traversals
{
    private static readonly string[] Ups =
    [
        "..", "%2e%2e", "%2E%2E", "%2e.", ".%2e", "%2e%2E", "..;", "..;x=1", "..%00", "..%0d", "..%0a", "..%09", "%252e%252e", "%25%32%65%25%32%65", "%c0%ae%c0%ae", "%c0%2e%c0%2e", "%e0%80%ae%e0%80%ae", "%uff0e%uff0e", "%u002e%u002e",
        "\uff0e\uff0e", "%ef%bc%8e%ef%bc%8e", "%e2%80%a4%e2%80%a4", ".", "%2e", "..\\", "..%5c", "..%255c", "..%c1%9c", "..%c0%af", "%2e%2e%2f", "..%2f", "..%2F", "..%252f", "..#", "..%23", "..%3f", "..%3b", "%f0%80%80%ae", "..%ff", "..%80",
    ];

    private static readonly string[] Places = ["/public/{0}/admin", "/{0}/admin", "/public/a/{0}/../admin", "/public/{0}", "/public/x/{0}/{0}/admin"];

    private static readonly string[] Others =
    [
        "", "admin", "*", "/admin.", "/admin%20", "/public/%e2%80%a6/admin", "/public/%ef%bc%9bx", "/public/%f3%a0%80%a0", "http://internal.example.com/admin", "//admin", "/public//admin", "///", "/public/;/admin", "/public;a=b/admin", "/public/admin;x", "/public%2fadmin", "/public%5cadmin", "/public\\admin", "/public/a%00b", "/public/%0d%0aX: y", "/public/\tadmin",
        "/public/ admin", "/public/%", "/public/%2", "/public/%zz", "/public/é", "/public/%7f", "/public/%c2%85", "/public/%e2%80%8b", "/public/%e2%80%ae", "/public/%e2%88%95admin", "/public/%e2%81%84admin", "/public/%ef%bc%8fadmin", "/#/admin", "/public#/../admin", "/public/%23admin", "/public/%3fadmin", "/public/\"", "/public/<", "/public/{x}", "/public/|", "/public/^", "/public/`",
    ];

    internal static IReadOnlyList<string> All { get; } = [.. Ups.SelectMany(up => Places.Select(place => string.Format(System.Globalization.CultureInfo.InvariantCulture, place, up))), .. Others];
}
