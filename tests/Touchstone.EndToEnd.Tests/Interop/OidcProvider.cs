using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Touchstone.EndToEnd.Tests.Interop;

/// <summary>
/// An authorization server that is not ours: oidc-provider on Node.js, with opaque tokens, introspection and revocation. Its packages are installed once into artifacts, exactly those of the lock file.
/// What it lacks skips the tests at home and fails them in CI.
/// </summary>
public sealed class OidcProvider : IAsyncLifetime
{
    private const int LeastNode = 20;

    private static readonly NpmFolder Npm = new("Interop/oidc-provider", "server.js", "open.js");

    private readonly string _shopSecret = RandomNumberGenerator.GetHexString(48), _apiSecret = RandomNumberGenerator.GetHexString(64);
    private Process? _process;
    private string? _missing;

    internal Uri Issuer { get; private set; } = null!;

    internal string ApiSecret => _apiSecret;

    internal ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The private keys that its encrypted answers are for, by <c>alg</c>.</summary>
    internal ECDiffieHellman AnswerCurve { get; } = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);

    internal RSA AnswerRsa { get; } = RSA.Create(2048);

    internal HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false });

    public async ValueTask InitializeAsync()
    {
        if (NpmFolder.Find("node") is not { } node)
        {
            Miss("Node.js is not installed");
            return;
        }
        var version = (await new Command(node).RunAsync("--version")).Output.Trim();
        if (!Version.TryParse(version.TrimStart('v'), out var number) || number.Major < LeastNode)
        {
            Miss($"Node.js {version} is older than {LeastNode}");
            return;
        }
        if (await Npm.InstallAsync() is { } failed)
        {
            Miss(failed);
            return;
        }
        await StartAsync(node);
    }

    /// <summary>Skips a test where there is no such server.</summary>
    internal void Need()
    {
        if (_missing is not null) Assert.Skip(_missing);
    }

    /// <summary>A token of the client <c>shop</c>.</summary>
    internal async Task<string> TokenAsync(string scope = "orders:read")
    {
        using var answer = await PostAsync("/token", ("grant_type", "client_credentials"), ("scope", scope));
        answer.EnsureSuccessStatusCode();
        return JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("access_token").GetString()!;
    }

    internal async Task RevokeAsync(string token)
    {
        using var answer = await PostAsync("/token/revocation", ("token", token));
        answer.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            // It ends with its input, and whatever is wrong with it by force.
            process.StandardInput.Close();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
            process.Dispose();
        }
        Http.Dispose();
        Key.Dispose();
        AnswerCurve.Dispose();
        AnswerRsa.Dispose();
    }

    private async Task<HttpResponseMessage> PostAsync(string path, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Issuer, path));
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"shop:{_shopSecret}")));
        request.Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await Http.SendAsync(request);
    }

    private void Miss(string what)
    {
        if (Environment.GetEnvironmentVariable("CI") is not (null or "" or "false")) throw new InvalidOperationException(what + ", and CI runs every test.");
        _missing = what;
    }

    private async Task StartAsync(string node)
    {
        var port = Ports.Take();
        Issuer = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        var point = Key.ExportParameters(includePrivateParameters: false).Q;
        var jwk = new { kty = "EC", crv = "P-256", kid = "k1", alg = "ES256", x = Base64Url.EncodeToString(point.X), y = Base64Url.EncodeToString(point.Y) };
        var start = new ProcessStartInfo(node, ["server.js"]) { WorkingDirectory = Npm.Path, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PORT"] = port.ToString(CultureInfo.InvariantCulture);
        start.Environment["SHOP_SECRET"] = _shopSecret;
        start.Environment["API_SECRET"] = _apiSecret;
        start.Environment["ANSWER_KEYS"] = JsonSerializer.Serialize(new[] { PublicOf(AnswerCurve), PublicOf(AnswerRsa) });
        start.Environment["CALLER_JWKS"] = JsonSerializer.Serialize(new { keys = new[] { jwk } });
        _process = Process.Start(start)!;
        _ = _process.StandardOutput.ReadToEndAsync();
        var error = _process.StandardError.ReadToEndAsync();
        await Until.TrueAsync(
            async () =>
            {
                if (_process.HasExited) throw new InvalidOperationException("oidc-provider ended: " + await error);
                return await AnswersAsync();
            },
            "oidc-provider answers");
    }

    /// <summary>Opens an encrypted answer of another server with the JOSE library that this one is built on; gives the claims.</summary>
    internal static async Task<JsonElement> OpenAsync(object input)
    {
        var start = new ProcessStartInfo(NpmFolder.Find("node")!, ["open.js"]) { WorkingDirectory = Npm.Path, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(JsonSerializer.Serialize(input));
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? JsonElement.Parse(await output) : throw new InvalidOperationException(await error);
    }

    /// <summary>The public half of a key to encrypt for, as a JWK.</summary>
    internal static Dictionary<string, string> PublicOf(AsymmetricAlgorithm key)
    {
        if (key is RSA rsa)
        {
            var numbers = rsa.ExportParameters(includePrivateParameters: false);
            return new() { ["kty"] = "RSA", ["use"] = "enc", ["alg"] = "RSA-OAEP-256", ["kid"] = "rsa", ["n"] = Base64Url.EncodeToString(numbers.Modulus), ["e"] = Base64Url.EncodeToString(numbers.Exponent) };
        }
        var point = ((ECDiffieHellman)key).ExportParameters(includePrivateParameters: false).Q;
        return new() { ["kty"] = "EC", ["crv"] = "P-256", ["use"] = "enc", ["alg"] = "ECDH-ES", ["kid"] = "curve", ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y) };
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return (await Http.GetAsync(new Uri(Issuer, "/.well-known/openid-configuration"))).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
