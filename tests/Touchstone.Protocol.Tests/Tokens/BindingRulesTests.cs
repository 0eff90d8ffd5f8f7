using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Tokens;

public sealed class BindingRulesTests
{
    private static readonly byte[] Key = SHA256.HashData("key"u8), Certificate = SHA256.HashData("certificate"u8), Other = SHA256.HashData("other"u8);

    private static readonly string Jkt = Base64Url.EncodeToString(Key), X5t = Base64Url.EncodeToString(Certificate);

    private static readonly ReadOnlyMemory<byte> ByKey = Json($$"""{"jkt":"{{Jkt}}"}"""), ByCertificate = Json($$"""{"x5t#S256":"{{X5t}}"}"""), ByBoth = Json($$"""{"jkt":"{{Jkt}}","x5t#S256":"{{X5t}}"}""");

    private static readonly PresentedKeys Nothing = default, ShowsKey = new(Key, default), ShowsCertificate = new(default, Certificate), ShowsBoth = new(Key, Certificate), ShowsOther = new(Other, Other);

    [Fact]
    public void M04_O08_What_was_presented_is_confirmed()
    {
        Text(BindingRules.Confirm(Nothing)).ShouldBe("");
        Text(BindingRules.Confirm(ShowsKey)).ShouldBe(Text(ByKey));
        Text(BindingRules.Confirm(ShowsCertificate)).ShouldBe(Text(ByCertificate));
        Text(BindingRules.Confirm(ShowsBoth)).ShouldBe(Text(ByBoth));
    }

    [Fact]
    public void X10_O26_All_that_a_token_is_bound_to_has_to_be_shown()
    {
        PresentedKeys[] all = [Nothing, ShowsKey, ShowsCertificate, ShowsBoth, ShowsOther];
        all.Where(shown => BindingRules.IsProven(default, shown)).ShouldBe(all);
        all.Where(shown => BindingRules.IsProven(ByKey, shown)).ShouldBe([ShowsKey, ShowsBoth]);
        all.Where(shown => BindingRules.IsProven(ByCertificate, shown)).ShouldBe([ShowsCertificate, ShowsBoth]);
        all.Where(shown => BindingRules.IsProven(ByBoth, shown)).ShouldBe([ShowsBoth]);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"jkt":"short"}""")]
    [InlineData("""{"kid":"k"}""")]
    public void X10_What_is_not_understood_is_proven_by_nothing(string confirmation)
    {
        BindingRules.IsProven(Json(confirmation), ShowsBoth).ShouldBeFalse();
        BindingRules.JudgeRefresh(Json(confirmation), isPublic: true, ShowsBoth, ByBoth).IsAccepted.ShouldBeFalse();
    }

    [Fact]
    public void O06_M07_A_refresh_token_of_a_public_client_is_bound_from_the_first_proof_on()
    {
        Judge(default, true, Nothing, default).ShouldBe((true, ""));
        Judge(default, true, ShowsKey, ByKey).ShouldBe((true, Text(ByKey)));
        Judge(default, true, ShowsCertificate, ByCertificate).ShouldBe((true, Text(ByCertificate)));
        Judge(ByKey, true, ShowsKey, ByKey).ShouldBe((true, Text(ByKey)));
        Judge(ByKey, true, Nothing, default).ShouldBe((false, ""));
        Judge(ByKey, true, ShowsOther, ByKey).ShouldBe((false, ""));
    }

    [Fact]
    public void O06_That_of_a_confidential_client_is_not_bound()
    {
        Judge(default, false, ShowsBoth, ByBoth).ShouldBe((true, ""));
        Judge(default, false, Nothing, default).ShouldBe((true, ""));
    }

    [Fact]
    public void O06_One_that_is_bound_all_the_same_stays_so()
    {
        Judge(ByKey, false, ShowsKey, ByKey).ShouldBe((true, Text(ByKey)));
        Judge(ByKey, false, ShowsOther, default).ShouldBe((false, ""));
        Judge(ByCertificate, true, ShowsBoth, ByBoth).ShouldBe((true, Text(ByCertificate)));
    }

    [Fact]
    public void M07_O06_What_a_bound_one_gives_is_bound_to_the_same_and_to_what_the_request_binds_to()
    {
        Issued(default, ShowsBoth, default).ShouldBe("");
        Issued(default, ShowsBoth, ByKey).ShouldBe(Text(ByKey));
        Issued(ByCertificate, ShowsCertificate, default).ShouldBe(Text(ByCertificate));
        Issued(ByCertificate, ShowsBoth, ByKey).ShouldBe(Text(ByBoth));
        Issued(ByKey, ShowsBoth, ByCertificate).ShouldBe(Text(ByBoth));
        Issued(ByKey, ShowsBoth, ByKey).ShouldBe(Text(ByKey));
        Issued(ByBoth, ShowsBoth, ByKey).ShouldBe(Text(ByBoth));
        Issued(ByKey, ShowsOther, ByKey).ShouldBe("");

        static string Issued(ReadOnlyMemory<byte> confirmation, in PresentedKeys presented, ReadOnlyMemory<byte> issued) => Text(BindingRules.JudgeRefresh(confirmation, isPublic: true, presented, issued).Issued);
    }

    private static (bool IsAccepted, string Confirmation) Judge(ReadOnlyMemory<byte> confirmation, bool isPublic, in PresentedKeys presented, ReadOnlyMemory<byte> issued) =>
        BindingRules.JudgeRefresh(confirmation, isPublic, presented, issued) is var judged ? (judged.IsAccepted, Text(judged.Confirmation)) : default;

    private static ReadOnlyMemory<byte> Json(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
