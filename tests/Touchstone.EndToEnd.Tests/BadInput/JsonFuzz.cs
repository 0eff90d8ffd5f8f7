using System.Globalization;
using System.Text;

namespace Touchstone.EndToEnd.Tests.BadInput;

/// <summary>Bad JSON and bad bearer tokens at the admin API: valid bodies with something wrong in them.</summary>
internal sealed class JsonFuzz(FuzzWorld world)
{
    private static readonly string[] Odd =
    [
        "null", "true", "false", "0", "-1", "1e400", "-1e400", "1.5", "1e2", "99999999999999999999", "9223372036854775807", "-9223372036854775808", "\"\"", "\" \"",
        "\"\\u0000\"", "\"\\ud800\"", "\"\\udfff x\"", "\"\\ud83d\\ude00\"", "\"\\u202e\"", "\"a\0b\"", "\"\u00ff\"", "\"\u00c3\u00a9\"", "\"\u00ed\u00a0\u0080\"", "[]", "{}", "[null]", "[1,\"a\"]", "[[]]",
        "{\"a\":1,\"a\":2}", "{\"active\":true}", "{\"exp\":1,\"sub\":\"x\"}", "{\"\\ud800\":1}", "{\"\":\"\"}", "NaN", "Infinity", "01", "+1", ".5", "'x'", "/*c*/1", "\"unterminated", "\"\\x\"", "\"\\u12\"", "tru", "\"http://\"",
        "\"https://x#y\"", "\"a\\nb\"", "\"access_token\"", "\"refresh_token\"", "\"resource-server\"", "\"client\"", "[\"none\"]", "[\"https://a.example\",\"https://a.example\"]",
    ];

    /// <summary>A valid body of an admin endpoint, changed.</summary>
    internal FuzzRequest Body(Random random)
    {
        var (target, members) = Template(random);
        for (var changes = random.Next(1, 3); changes > 0; changes--) Change(random, members);
        var text = "{" + string.Join(',', members.Select(member => $"{member.Name}:{member.Value}")) + "}";
        if (target == "/admin/tokens" && random.OneIn(4)) text = Array(random, text);
        var bytes = RequestText.Bytes(text);
        if (random.OneIn(3)) bytes = Corrupt(random, bytes);

        var request = new RequestText { Target = target, Authorization = "Bearer " + world.AdminToken, ContentType = "application/json", Body = bytes };
        if (random.OneIn(15)) request.ContentType = random.Of<string?>([null, "", "text/json", "application/x-www-form-urlencoded", "application/jsonx", "application/json; charset=utf-16", "APPLICATION/JSON"]);
        return new FuzzRequest("json", request.ToBytes(), Good.Json);
    }

    /// <summary>Lists and single clients, by addresses of chance.</summary>
    internal FuzzRequest Address(Random random)
    {
        var target = random.Next(3) switch
        {
            0 => $"/admin/clients?limit={random.Of(["", "0", "1", "1000", "1001", "-1", "abc", "99999999999999999999", "%00", "1&limit=2", "\u00ff"])}&after={random.Of(["", "zzz", "%ff", "%", "%00", "a&after=b", "\u00e9", random.Letters(5000)])}",
            1 => $"/admin/clients/{random.Of(["nobody", "%00", "%2e%2e", "..", "%2f", "a%20b", "%ff", world.Marker, "\u00e9", "a;b", random.Letters(3000)])}",
            _ => $"/admin/clients/{random.Of([world.ThrowawayClient(random), "nobody", "%00", world.Marker])}/{random.Of(["disable", "enable", "rotate-secret", "delete", "", "disable/", "DISABLE"])}",
        };
        var request = new RequestText { Method = random.Of(["GET", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]), Target = target, Authorization = "Bearer " + world.AdminToken, ContentType = null };
        return new FuzzRequest("address", request.ToBytes(), Good.Json, AfterSending.Read, IsHead: request.Method == "HEAD");
    }

    /// <summary>Bearer tokens that are no administrator's.</summary>
    internal FuzzRequest Bearer(Random random)
    {
        var authorization = random.Of([
            null, "", "Bearer", "Bearer ", "Bearer  ", "bearer x", "Basic eDp5", world.Client.Basic, "Bearer " + world.LiveToken, $"Bearer {world.Marker}{random.Ascii(20)}", "Bearer " + world.AdminToken[..^1],
            "Bearer " + world.AdminToken + "x", "Bearer " + world.AdminToken + "," + world.AdminToken, "Bearer " + world.AdminToken.ToUpperInvariant(), "Bearer " + new string('t', 5000), "Bearer \u00ff", "Bearer\t" + world.Marker, "DPoP " + world.AdminToken,
        ]);
        var (target, members) = Template(random);
        var request = new RequestText
        {
            Target = random.OneIn(4) ? "/admin/clients" : target,
            Authorization = authorization,
            ContentType = "application/json",
            Body = RequestText.Bytes("{" + string.Join(',', members.Select(member => $"{member.Name}:{member.Value}")) + "}"),
        };
        if (random.OneIn(10)) request.Headers.Add("Authorization: Bearer " + world.AdminToken);
        return new FuzzRequest("bearer", request.ToBytes(), authorization is null && request.Headers.Count > 0 ? Good.Json : Good.None);
    }

    private (string Target, List<(string Name, string Value)> Members) Template(Random random)
    {
        var name = $"fuzz-{random.Letters(12)}";
        var isClient = random.OneIn(2);
        return random.Next(8) switch
        {
            0 => ("/admin/clients", [
                ("\"client_id\"", $"\"{name}\""), ("\"kind\"", isClient ? "\"client\"" : "\"resource-server\""), ("\"audience\"", $"[\"{FuzzWorld.Audience}\"]"), 
                isClient ? ("\"scope\"", "\"a b\"") : ("\"view\"", "{\"scope\":\"a b\",\"claims\":[\"acr\"],\"sub\":\"pairwise\",\"aud\":\"own\"}"),
                ("\"auth_methods\"", "[\"client_secret_basic\"]"), ("\"may_introspect\"", "false"), ("\"tenant\"", "\"t\""), ("\"public\"", "false")]),
            1 or 2 => ("/admin/tokens", [
                ("\"client_id\"", "\"fuzz-app\""), ("\"sub\"", "\"s\""), ("\"username\"", "\"u\""), ("\"scope\"", "\"a b\""), ("\"aud\"", $"\"{FuzzWorld.Audience}\""), ("\"expires_in\"", "60"),
                ("\"nbf\"", "1"), ("\"jti\"", "\"j\""), ("\"kind\"", "\"access_token\""), ("\"session\"", "\"x\""), ("\"grant\"", "\"g\""), ("\"tenant\"",
                    "\"t\""), ("\"cnf\"", "{\"jkt\":\"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I\"}"), ("\"act\"", "{\"sub\":\"y\"}"),
                ("\"authorization_details\"", "[{\"type\":\"z\"}]"), ("\"claims\"", "{\"level\":3}")]),
            3 => ("/admin/tokens", [
                ("\"token\"", $"\"{world.Marker}{random.Letters(20)}\""), ("\"client_id\"", "\"elsewhere\""), ("\"iss\"", "\"https://iss.example\""), ("\"exp\"",
                    (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 600).ToString(CultureInfo.InvariantCulture)),
                ("\"iat\"", "1"), ("\"aud\"", $"[\"{FuzzWorld.Audience}\",\"https://b.example\"]")]),
            4 => ("/admin/tokens", [("\"token_sha256\"", $"\"{Hash(random)}\""), ("\"client_id\"", "\"elsewhere\""), ("\"iss\"", "\"https://iss.example\""), ("\"expires_in\"", "60")]),
            5 => ("/admin/tokens/lookup", [random.OneIn(2) ? ("\"token\"", $"\"{world.Marker}\"") : ("\"token_sha256\"", $"\"{Hash(random)}\""), ("\"as\"", "\"fuzz-api\"")]),
            6 => ("/admin/revocations", [random.OneIn(2) ? ("\"token\"", $"\"{(random.OneIn(4) ? world.ThrowawayToken() : null) ?? world.Marker + random.Letters(8)}\"") : ("\"token_sha256\"", $"\"{Hash(random)}\"")]),
            _ => ($"/admin/clients/{world.ThrowawayClient(random)}/rotate-secret", [("\"overlap_seconds\"", "3600")]),
        };
    }

    private static void Change(Random random, List<(string Name, string Value)> members)
    {
        var at = random.Next(members.Count);
        var (name, value) = members[at];
        switch (random.Next(8))
        {
            case 0:
                members.RemoveAt(at);
                if (members.Count == 0) members.Add((name, "null"));
                break;
            case 1:
                members.Add((name, value));
                break;
            case 2:
                members.Add((random.Of(["\"unknown\"", "\"\"", "\"client_Id\"", "\"\\u0063lient_id\"", "\"__proto__\"", "\"\\ud800\"", "unquoted", "1", "null"]), "\"x\""));
                break;
            case 3:
                members[at] = (name, Deep(random));
                break;
            case 4:
                members[at] = (name, $"\"{new string('s', random.Of([200, 201, 2048, 2049, 4096, 4097, 17_000, 70_000]))}\"");
                break;
            case 5:
                members[at] = (name, "[" + string.Join(',', Enumerable.Range(0, random.Of([2, 64, 65, 1001])).Select(i => $"\"https://a{i}.example\"")) + "]");
                break;
            default:
                members[at] = (name, random.Of(Odd));
                break;
        }
    }

    private static string Deep(Random random)
    {
        var depth = random.Of([3, 29, 30, 31, 32, 33, 64, 1000, 20_000]);
        return random.OneIn(2)
            ? new string('[', depth) + (random.OneIn(3) ? "" : new string(']', depth))
            : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + (random.OneIn(3) ? "" : new string('}', depth));
    }

    private static string Array(Random random, string item) => random.Next(5) switch
    {
        0 => "[]",
        1 => "[" + string.Join(',', Enumerable.Repeat("{}", 1001)) + "]",
        2 => $"[{item},{item}]",
        3 => $"[{{\"client_id\":\"fuzz-app\",\"expires_in\":60}},{item}]",
        _ => $"[{item},null]",
    };

    private static byte[] Corrupt(Random random, byte[] json) => random.Next(9) switch
    {
        0 => json[..random.Next(json.Length)],
        1 => [0xef, 0xbb, 0xbf, .. json],
        2 => Encoding.Unicode.GetBytes(Encoding.Latin1.GetString(json)),
        3 => [.. json, .. json],
        4 => [],
        5 => RequestText.Bytes(random.Of(["null", "true", "1", "\"x\"", "[", "{", "}", " ", "\n", "[[[[", "\0", "\u00ff\u00fe"])),
        6 => [.. json, (byte)','],
        _ => random.Mutate(json),
    };

    private static string Hash(Random random) => string.Concat(Enumerable.Range(0, 64).Select(_ => "0123456789abcdef"[random.Next(16)]));
}
