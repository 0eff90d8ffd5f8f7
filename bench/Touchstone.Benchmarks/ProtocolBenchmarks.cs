using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Forms;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Benchmarks;

/// <summary>The pure steps of one introspection, each alone: time and bytes per call. The bar is no allocation.</summary>
/// <remarks>The methods return no type of Protocol: the project that BenchmarkDotNet generates does not see what this one references.</remarks>
[MemoryDiagnoser]
public class ProtocolBenchmarks
{
    private const long Now = 1_790_000_300;

    private readonly TokenFormat _format = new();
    private readonly OAuthForm _form = new();
    private readonly byte[] _scratch = new byte[ClientCredentials.ScratchSize];
    private readonly ArrayBufferWriter<byte> _output = new(4096);
    private readonly string _authorization = ClientCredentials.Basic("rs-orders", "N9vBq2XdN9vBq2XdN9vBq2XdN9vBq2XdN9vBq2Xd");
    private readonly OAuthForm _credentialsForm = new();
    private readonly byte[] _token;
    private readonly ReadOnlySequence<byte> _body;
    private readonly TokenRecord _record;
    private readonly Caller _caller;

    /// <summary>A token, its record, and the request and caller that ask about it.</summary>
    public ProtocolBenchmarks()
    {
        _token = Encoding.ASCII.GetBytes(_format.Create(TokenKind.AccessToken, new byte[TokenFormat.EntropySize]));
        _body = new ReadOnlySequence<byte>([.. "token="u8, .. _token, .. "&token_type_hint=access_token"u8]);
        _credentialsForm.Read(_body);
        ScopeSet.TryParse("orders:read orders:write", out var scope);
        _record = new TokenRecord
        {
            Hash = TokenHash.Of(_token), Kind = TokenKind.AccessToken, ClientId = "web-shop", Issuer = "https://as.acme.test", Subject = "u-4821", Username = "jane",
            Audience = ["https://orders.acme.test/"], Scope = scope!, IssuedAt = Now - 300, ExpiresAt = Now + 300, Jti = "9f1c9f1c9f1c", Born = 1,
            Claims = Encoding.UTF8.GetBytes("""{"acr":"aal2","auth_time":1789999000}"""),
        };
        _caller = new Caller { ClientId = "rs-orders", Kind = CallerKind.ResourceServer, Audience = ["https://orders.acme.test/"], MayIntrospect = true };
    }

    /// <summary>The form of a typical request, and finding its token.</summary>
    [Benchmark]
    public int ReadForm()
    {
        _form.Read(_body);
        return IntrospectionRequest.TryRead(_form, out var request) ? request.Token.Length : 0;
    }

    /// <summary>HTTP Basic with a secret of 40 characters.</summary>
    [Benchmark]
    public bool ReadBasicCredentials() => ClientCredentials.Read(_authorization, _credentialsForm, _scratch, out _) is CredentialsResult.Presented;

    /// <summary>Prefix and checksum.</summary>
    [Benchmark]
    public bool InspectToken() => _format.Inspect(_token) is TokenShape.Ours;

    /// <summary>SHA-256 of 56 bytes.</summary>
    [Benchmark]
    public int HashToken() => TokenHash.Of(_token).GetHashCode();

    /// <summary>The decision about an active token.</summary>
    [Benchmark]
    public bool Decide() => IntrospectionRules.Decide(_record, _caller, null, Now).IsActive;

    /// <summary>An answer of about 300 bytes into a buffer that is used again.</summary>
    [Benchmark]
    public int WriteActive()
    {
        _output.ResetWrittenCount();
        IntrospectionResponse.WriteActive(_output, _record);
        return _output.WrittenCount;
    }
}
