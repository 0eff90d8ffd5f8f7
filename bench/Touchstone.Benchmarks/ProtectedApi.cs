using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Touchstone.AspNetCore;
using Touchstone.Client;

namespace Touchstone.Benchmarks;

/// <summary>One endpoint that answers two bytes, protected in the way that is named: by nothing, by introspection, by JWTs of the server that the client library judges, or by JWTs that the framework checks.</summary>
internal static class ProtectedApi
{
    private const string Issuer = "https://as.bench.example";
    private const int Tokens = 1000;

    /// <summary>Serves until it is told to stop.</summary>
    /// <param name="url">Where.</param>
    /// <param name="kind">anonymous, any, introspection, jwt-first, rs256 or es256.</param>
    /// <param name="tokens">A file with a token on each line: read by introspection and jwt-first, whose first line has the Basic credentials of the API; written by the JWT kinds.</param>
    /// <param name="server">Who is asked.</param>
    internal static async Task RunAsync(string url, string kind, string tokens, Uri? server = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        var isProtected = kind != "anonymous";
        if (isProtected)
        {
            builder.Services.AddAuthorization();
            var authentication = builder.Services.AddAuthentication();
            if (kind == "any") authentication.AddScheme<AuthenticationSchemeOptions, AnyTokenHandler>("any", null);
            else if (kind is "introspection" or "jwt-first")
            {
                var (id, secret) = Credentials(tokens);
                authentication.AddTokenIntrospection(options =>
                {
                    options.Audiences = [Prepare.Audience];
                    options.Introspection = new() { Issuer = server, ClientId = id, ClientSecret = secret };
                    if (kind == "jwt-first") options.Introspection.Jwt = new() { Mode = JwtMode.JwtFirst, Issuers = [new() { Issuer = server!.OriginalString.TrimEnd('/'), Audiences = [Prepare.Audience], Revocation = JwtRevocation.ByServer }] };
                });
            }
            else
            {
                SecurityKey key = kind == "rs256" ? new RsaSecurityKey(RSA.Create(2048)) { KeyId = "1" } : new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "1" };
                await File.WriteAllLinesAsync(tokens, Mint(new SigningCredentials(key, kind == "rs256" ? SecurityAlgorithms.RsaSha256 : SecurityAlgorithms.EcdsaSha256)));
                authentication.AddJwtBearer(options => options.TokenValidationParameters = new() { ValidIssuer = Issuer, ValidAudience = Prepare.Audience, IssuerSigningKey = key });
            }
        }
        await using var app = builder.Build();
        var endpoint = app.MapGet("/", () => "ok");
        if (isProtected) endpoint.RequireAuthorization();
        app.MapGet("/health/live", () => "ok");
        await app.RunAsync();
    }

    private static IEnumerable<string> Mint(SigningCredentials credentials)
    {
        var handler = new JsonWebTokenHandler();
        return Enumerable.Range(0, Tokens).Select(number => handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer, Audience = Prepare.Audience, SigningCredentials = credentials, Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(1),
            Claims = new Dictionary<string, object> { ["sub"] = $"u-{number}", ["client_id"] = Prepare.App, ["scope"] = "orders:read orders:write", ["jti"] = Guid.NewGuid().ToString("N") },
        }));
    }

    private static (string Id, string Secret) Credentials(string file)
    {
        var basic = File.ReadLines(file).First();
        var parts = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(basic["Basic ".Length..])).Split(':');
        return (Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts[1]));
    }
}
