using System.Buffers;
using System.Text;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Forms;
using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests;

/// <summary>What an introspection runs through allocates nothing once it is warm.</summary>
public sealed class AllocationTests
{
    private static readonly byte[] Token = Encoding.ASCII.GetBytes(new TokenFormat().Create(TokenKind.AccessToken, new byte[TokenFormat.EntropySize]));

    [Fact]
    public void The_counter_counts() => Allocations.Of(() => GC.KeepAlive(new byte[100])).ShouldBeGreaterThanOrEqualTo(100 * 200);

    [Fact]
    public void Deciding_allocates_nothing()
    {
        var revocation = new RevocationMatch(SelectorKind.Token, 1);
        Allocations.Of(() =>
        {
            IntrospectionRules.Decide(TokenRecords.Access, TokenRecords.ResourceServer, null, TokenRecords.Now);
            IntrospectionRules.Decide(TokenRecords.Access, TokenRecords.Owner, revocation, TokenRecords.Now);
            IntrospectionRules.Decide(null, TokenRecords.Owner, null, TokenRecords.Now);
        }).ShouldBe(0);
    }

    [Fact]
    public void Judging_a_row_allocates_nothing()
    {
        var record = TokenRecords.Access with { Ancestors = [TokenHash.Of("parent"), TokenHash.Of("grandparent")] };
        RevocationRow[] rows = [.. Enum.GetValues<SelectorKind>().Select(kind => Revocation.Rows.Row(Revocation.Rows.Naming(kind, record)))];
        Allocations.Of(() =>
        {
            foreach (var row in rows) row.Ends(record);
        }).ShouldBe(0);
    }

    [Fact]
    public void Reading_a_form_and_finding_its_parameters_allocates_nothing()
    {
        var form = new OAuthForm();
        var body = new ReadOnlySequence<byte>([.. "token="u8, .. Token, .. "&token_type_hint=access_token&client_id=rs%3Aorders&resource=a&resource=b"u8]);
        Allocations.Of(() =>
        {
            form.Read(body, "resource", "audience");
            IntrospectionRequest.TryRead(form, out _);
            var position = 0;
            while (form.Next("resource"u8, ref position, out _)) { }
            form.Has("client_secret"u8);
            form.Clear();
        }).ShouldBe(0);
    }

    [Fact]
    public void Reading_credentials_allocates_nothing()
    {
        var header = ClientCredentials.Basic("rs:orders 1", "p@ss+w%rd");
        var form = new OAuthForm();
        form.Read(new ReadOnlySequence<byte>("token=abc&client_id=rs%3Aorders+1"u8.ToArray()));
        var scratch = new byte[ClientCredentials.ScratchSize];
        ClientCredentials.Read(header, form, scratch, out _).ShouldBe(CredentialsResult.Presented);
        Allocations.Of(() => ClientCredentials.Read(header, form, scratch, out _)).ShouldBe(0);
        Allocations.Of(() => ClientCredentials.Read("Bearer x", form, scratch, out _)).ShouldBe(0);
        Allocations.Of(() => ClientCredentials.Read("", form, scratch, out _)).ShouldBe(0);
    }

    [Fact]
    public void Writing_an_answer_into_a_used_buffer_allocates_nothing()
    {
        var output = new ArrayBufferWriter<byte>(4096);
        ScopeSet.TryParse("orders:read orders:write", out var scope);
        var record = TokenRecords.Access with
        {
            Scope = scope!, Username = "jürgen", NotBefore = TokenRecords.Now, Jti = "9f1c", Audience = [TokenRecords.Orders, "https://stock.acme.test/"],
            Confirmation = TokenRecords.Json("""{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"""),
            Actor = TokenRecords.Json("""{"sub":"svc"}"""),
            AuthorizationDetails = TokenRecords.Json("""[{"type":"order"}]"""),
            Claims = TokenRecords.Json("""{"acr":"aal2","sub":"evil","roles":["a","b"],"n":1.0}"""),
        };
        Allocations.Of(() =>
        {
            output.ResetWrittenCount();
            IntrospectionResponse.WriteActive(output, record);
        }).ShouldBe(0);
        output.WrittenCount.ShouldBeGreaterThan(250);
    }

    [Fact]
    public void Hashing_a_token_allocates_nothing()
    {
        var keyed = new KeyedHash(new byte[KeyedHash.KeySize]);
        Allocations.Of(() => TokenHash.Of(Token)).ShouldBe(0);
        Allocations.Of(() => keyed.Of(Token)).ShouldBe(0);
    }

    [Fact]
    public void Inspecting_a_token_allocates_nothing()
    {
        var format = new TokenFormat();
        var cut = Token[..^1];
        format.Inspect(Token).ShouldBe(TokenShape.Ours);
        Allocations.Of(() =>
        {
            format.Inspect(Token);
            format.Inspect(cut);
            format.Inspect("at.7Qm2hV0pXc9rK4sLbN8tYw"u8);
        }).ShouldBe(0);
    }
}
