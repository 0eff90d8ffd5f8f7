using System.Security.Cryptography;
using FsCheck.Fluent;
using Touchstone.Protocol.Introspection;

namespace Touchstone.Protocol.Tests.Introspection;

public sealed class PairwiseSubjectTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, PairwiseSubject.KeySize).Select(i => (byte)i)];
    private static readonly PairwiseSubject Orders = new(Key, "client rs-orders");

    [Fact]
    public void I20_The_name_of_a_subject_is_an_HMAC_over_length_prefixed_sector_issuer_and_subject()
    {
        byte[] message = [0, 0, 0, 16, .. "client rs-orders"u8, 0, 0, 0, 20, .. "https://as.acme.test"u8, 0, 0, 0, 6, .. "u-4821"u8];
        Orders.Of("https://as.acme.test", "u-4821").ShouldBe(System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(Key, message)));
    }

    // A name that changes with a release would make every resource server forget its users.
    [Fact]
    public void I20_A_name_never_changes() => Orders.Of("https://as.acme.test", "u-4821").ShouldBe("Phf3ZgVWWV0dEYGZ8Y85d3BRnb5hfeJY6z7vwYokUIs");

    [Fact]
    public void I20_Another_key_sector_issuer_or_subject_is_another_name()
    {
        string[] names =
        [
            Orders.Of("https://as.acme.test", "u-4821"), Orders.Of("https://as.acme.test", "u-4822"), Orders.Of("https://as2.acme.test", "u-4821"),
            new PairwiseSubject(Key, "client rs-billing").Of("https://as.acme.test", "u-4821"), new PairwiseSubject(new byte[PairwiseSubject.KeySize], "client rs-orders").Of("https://as.acme.test", "u-4821"),
        ];
        names.Distinct().Count().ShouldBe(names.Length);
        names.ShouldAllBe(name => name.Length == 43 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-' || c == '_'));
    }

    [Fact]
    public void I20_What_is_cut_at_another_place_is_another_name() => Properties.Hold(from a in Properties.Text from b in Properties.Text select (a, b), pair =>
    {
        var whole = pair.Item1 + pair.Item2;
        for (var cut = 0; cut <= Math.Min(whole.Length, 8); cut++)
        {
            if (cut == pair.Item1.Length || char.IsLowSurrogate(whole.ElementAtOrDefault(cut))) continue;
            Orders.Of(whole[..cut], whole[cut..]).ShouldNotBe(Orders.Of(pair.Item1, pair.Item2));
        }
    }, runs: 200);

    [Fact]
    public void A_key_of_another_size_is_refused() => Should.Throw<ArgumentOutOfRangeException>(() => new PairwiseSubject(new byte[31], "s"));
}
