using System.Text;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Forms;

namespace Touchstone.EndToEnd.Tests.BadInput;

/// <summary>Bad tokens, bad forms and bad client credentials, at the endpoints that take a form.</summary>
internal sealed class FormFuzz(FuzzWorld world)
{
    internal const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";

    private const string AccessTokenType = "urn:ietf:params:oauth:token-type:access_token";

    private static readonly string[] Endpoints = ["/oauth/introspect", "/oauth/revoke", "/oauth/token", "/oauth/introspect/batch"];

    private static readonly string[] Names =
        ["token", "token_type_hint", "client_id", "client_secret", "client_assertion", "client_assertion_type", "grant_type", "scope", "resource", "audience", "active", "", "Token", "token ", "tok\0en", "\u00e9"];

    private static readonly string[] Values =
    [
        "", "x", "%00", "+", "%ff", "a b", "client_credentials", "read", "read write admin", FuzzWorld.Audience, "touchstone:admin", "https://x#y", "\u00e9",
    ];

    private static readonly string?[] ContentTypes =
    [
        null, "", "application/json", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=utf-16", "application/x-www-form-urlencodedx",
        "APPLICATION/X-WWW-FORM-URLENCODED", ";", "application/x-www-form-urlencoded, text/plain", "\u00ff",
    ];

    /// <summary>A token that is not active, asked about or revoked as it should be.</summary>
    internal FuzzRequest Token(Random random)
    {
        var token = BadToken(random);
        var revoke = token != world.LiveToken && random.OneIn(4);
        var body = $"token={Encode(random, token)}" + (random.OneIn(3) ? $"&token_type_hint={random.Of(["access_token", "refresh_token", "id_token", "%00", ""])}" : "");
        var request = new RequestText
        {
            Target = revoke ? Endpoints[1] : Endpoints[0],
            Authorization = (revoke ? world.Client : world.ResourceServer).Basic,
            Body = RequestText.Bytes(body),
        };
        return new FuzzRequest("token", request.ToBytes(), revoke ? Good.Empty : token == world.LiveToken ? Good.Active : Good.Inactive);
    }

    /// <summary>A form that is put together wrong.</summary>
    internal FuzzRequest Body(Random random)
    {
        var target = random.Of(Endpoints);
        var fields = new List<string>(random.Of<string[]>([["token=" + BadToken(random).Length], [], ["grant_type=client_credentials"]]));
        for (var i = random.Next(6); i > 0; i--) fields.Add(Field(random));
        var body = string.Join(random.OneIn(10) ? "&&" : "&", fields.OrderBy(_ => random.Next()));
        var bytes = random.Next(12) switch
        {
            0 => random.Mutate(RequestText.Bytes(body)),
            1 => RequestText.Bytes(random.Any(random.Next(200))),
            2 => RequestText.Bytes(body + "&token=%" + random.Of(["", "4", "zz", "%", "u0041", "G1", "-1"])),
            3 => RequestText.Bytes(string.Join('&', Enumerable.Range(0, random.Next(250, 400)).Select(i => $"p{i}={i}"))),
            4 => RequestText.Bytes($"token={new string('a', random.Next(60_000, 90_000))}"),
            5 => RequestText.Bytes("token=a&token=b"),
            6 => [],
            _ => RequestText.Bytes(body),
        };
        var request = new RequestText { Target = target, Authorization = Caller(target).Basic, Body = bytes };
        if (random.OneIn(6)) request.ContentType = random.Of(ContentTypes);
        return Finish("form", request, GoodAt(target));
    }

    /// <summary>A refresh, an exchange, authorization details or a proof that are put together wrong. Seldom, for contrast, an exchange that is right.</summary>
    internal FuzzRequest Grant(Random random)
    {
        var fields = new List<string> { "grant_type=" + Encode(random, random.Of(["refresh_token", Exchange, Exchange, "client_credentials"])) };
        foreach (var name in (string[])["refresh_token", "subject_token", "actor_token"])
            if (!random.OneIn(3)) fields.Add($"{name}={Encode(random, BadToken(random))}");
        foreach (var name in (string[])["subject_token_type", "actor_token_type", "requested_token_type"])
            if (!random.OneIn(3)) fields.Add($"{name}={Encode(random, random.Of([AccessTokenType, AccessTokenType, AccessTokenType.Replace("access", "refresh", StringComparison.Ordinal), "urn:ietf:params:oauth:token-type:jwt", "x", "\0"]))}");
        foreach (var name in (string[])["resource", "audience", "scope"])
            if (random.OneIn(3)) fields.Add($"{name}={Encode(random, random.Of(Values))}");
        if (random.OneIn(4)) fields.Add("authorization_details=" + Encode(random, BadDetails(random)));
        var request = new RequestText { Target = Endpoints[2], Authorization = world.Client.Basic, Body = RequestText.Bytes(string.Join('&', fields.OrderBy(_ => random.Next()))) };
        for (var i = random.OneIn(3) ? random.Next(1, 3) : 0; i > 0; i--) request.Headers.Add("DPoP: " + Clean(BadProof(random)));
        return Finish("grant", request, Good.Grant);
    }

    private string BadDetails(Random random) => random.Next(6) switch
    {
        0 => new string('[', random.Next(1, 3000)),
        1 => $$"""[{"type":"{{random.Letters(5)}}","type":"x"}]""",
        2 => $$"""[{"type":{{random.Next()}}}]""",
        3 => "[" + string.Join(',', Enumerable.Repeat("{\"type\":\"a\"}", random.Next(30, 400))) + "]",
        4 => $$"""{"type":"{{world.Marker}}"}""",
        _ => random.Any(random.Next(300)),
    };

    private string BadProof(Random random) => random.Next(5) switch
    {
        0 => "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6Im5vbmUifQ.e30." + world.Marker,
        1 => "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7fX0.eyJqdGkiOiIxIn0." + random.Letters(86),
        2 => new string('e', random.Next(1, 9000)),
        3 => string.Join('.', Enumerable.Range(0, random.Next(1, 6)).Select(_ => random.Letters(random.Next(1, 60)))),
        _ => random.Ascii(random.Next(1, 200)),
    };

    /// <summary>Credentials that are not, or not quite, those of a client.</summary>
    internal FuzzRequest Credentials(Random random)
    {
        var target = random.Of(Endpoints);
        var caller = Caller(target);
        var form = target == Endpoints[2] ? "grant_type=client_credentials" : $"token=abc{world.Marker}";
        var request = new RequestText { Target = target, Body = RequestText.Bytes(form) };
        var good = Good.None;
        switch (random.Next(8))
        {
            case 0:
                request.Authorization = ClientCredentials.Basic(caller.Id, random.OneIn(2) ? $"{world.Marker}{random.Ascii(20)}" : Wrong(random, caller.Secret!));
                break;
            case 1:
                request.Authorization = ClientCredentials.Basic(random.Of(["", "nobody", "admin\0", caller.Id + " ", caller.Id.ToUpperInvariant(), new string('i', 300)]), caller.Secret!);
                break;
            case 2:
                // What was encoded, changed: base64 may still mean the same.
                request.Authorization = "Basic " + Clean(random.Mutate(caller.Basic["Basic ".Length..]));
                good = GoodAt(target);
                break;
            case 3:
                request.Authorization = "Basic " + Convert.ToBase64String(RequestText.Bytes(random.Of<Func<string>>(
                    [() => random.Any(random.Next(60)), () => ":", () => caller.Id, () => $"{caller.Id}:%zz", () => $"{caller.Id}:%", () => $":{caller.Secret}",
                        () => $"a:b:{world.Marker}", () => $"\0:{world.Marker}"])()));
                break;
            case 4:
                request.Authorization = random.Of(["Basic", "Basic ", "Basic =", "Basic ====", "basic@", "Bearer " + world.LiveToken, "Digest username=\"x\"", "Negotiate abc",
                    "Basic " + new string('A', 12_000), $"Basic {world.Marker}", "\t", ","]);
                break;
            case 5:
                request.Authorization = caller.Basic;
                request.Body = RequestText.Bytes($"{form}&client_id={caller.Id}&client_secret={world.Marker}");
                break;
            case 6:
                request.Body = RequestText.Bytes($"{form}&client_id={Encode(random, random.Of([caller.Id, "nobody", "\0", "fuzz-api,fuzz-app"]))}&client_secret={Encode(random, Wrong(random, caller.Secret!))}");
                break;
            default:
                request.Authorization = caller.Basic;
                request.Headers.Add("Authorization: " + random.Of([caller.Basic, "Basic eDp5", "Bearer x"]));
                break;
        }
        return Finish("credentials", request, good);
    }

    /// <summary>A token that was never issued, or is not quite one that was. Seldom, for contrast, one that is active.</summary>
    private string BadToken(Random random)
    {
        var live = world.LiveToken;
        return random.Next(14) switch
        {
            0 => live[..random.Next(1, live.Length)],
            1 => live + random.Of(["x", " ", "\0", "=", "\n", "\u00ff"]),
            2 => Wrong(random, live),
            3 => Cased(live),
            4 => " " + live,
            5 => new string('t', random.Next(4000, 5000)),
            6 => "eyJhbGciOiJub25lIn0.eyJhY3RpdmUiOnRydWV9." + world.Marker,
            7 => $"tst_rt_{world.Marker}{random.Letters(30)}",
            8 => $"tst_at_{world.Marker}{random.Letters(40)}",
            9 => world.Marker + random.Any(random.Next(1, 80)),
            10 => random.Any(1) + world.Marker,
            11 => $"{world.Marker}' OR '1'='1'; DROP TABLE tokens; --",
            12 => random.OneIn(4) ? live : live + live,
            _ => world.Marker + random.Ascii(random.Next(1, 60)),
        };
    }

    private string Field(Random random)
    {
        var name = random.Of(Names);
        var value = name is "client_secret" or "token" ? world.Marker + random.Ascii(8) : random.Of(Values);
        return random.Next(5) switch { 0 => name, 1 => name + "=", 2 => "=" + value, _ => $"{name}={value}" };
    }

    private TestClient Caller(string target) => target == Endpoints[0] || target == Endpoints[3] ? world.ResourceServer : world.Client;

    private static Good GoodAt(string target) => target switch { "/oauth/introspect" => Good.Inactive, "/oauth/introspect/batch" => Good.AllInactive, "/oauth/revoke" => Good.Empty, _ => Good.Grant };

    /// <summary>The same length, one character another.</summary>
    private static string Wrong(Random random, string secret)
    {
        var at = random.Next(secret.Length);
        return string.Concat(secret.AsSpan(0, at), secret[at] == 'A' ? "B" : "A", secret.AsSpan(at + 1));
    }

    private static string Cased(string text) => string.Concat(text.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)));

    private static string Encode(Random random, string latin1)
    {
        // As is, as one should, or every byte on its own.
        var bytes = RequestText.Bytes(latin1);
        return random.Next(3) switch
        {
            0 when !latin1.AsSpan().ContainsAny("&=+%") => latin1,
            1 => string.Concat(bytes.Select(b => $"%{b:x2}")),
            _ => FormEncoding.Encode(latin1) is var encoded && latin1.All(char.IsAscii) ? encoded : string.Concat(bytes.Select(b => $"%{b:X2}")),
        };
    }

    private static string Clean(string header) => header.Replace('\r', 'r').Replace('\n', 'n');

    private static FuzzRequest Finish(string kind, RequestText request, Good good) => new(kind, request.ToBytes(), good);
}
