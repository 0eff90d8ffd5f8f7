using FsCheck.Fluent;
using Touchstone.Protocol.DPoP;

namespace Touchstone.Protocol.Tests.DPoP;

public sealed class DPoPNoncesTests
{
    private const long Now = 1_790_000_000;

    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly DPoPNonces _nonces = new(Key);

    [Theory]
    [InlineData(0, DPoPNonceState.Good), InlineData(149, DPoPNonceState.Good), InlineData(150, DPoPNonceState.Aging), InlineData(299, DPoPNonceState.Aging), InlineData(300, DPoPNonceState.Bad)]
    [InlineData(-30, DPoPNonceState.Good), InlineData(-31, DPoPNonceState.Bad)]
    public void O12_A_nonce_is_good_for_five_minutes(long age, DPoPNonceState state) => _nonces.Judge(_nonces.Create(Now), Now + age).ShouldBe(state);

    [Fact]
    public void O13_That_of_another_key_is_not() => new DPoPNonces([.. Key.Reverse()]).Judge(_nonces.Create(Now), Now).ShouldBe(DPoPNonceState.Bad);

    [Fact]
    public void O12_Processes_with_one_key_take_each_others_nonces() => new DPoPNonces([.. Key]).Judge(_nonces.Create(Now), Now + 1).ShouldBe(DPoPNonceState.Good);

    [Theory]
    [InlineData(null), InlineData(""), InlineData("x"), InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), InlineData("AAAAAAAAAAAAAAAA AAAAAAAAAAAAAAA"), InlineData("üAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void O32_What_nobody_gave_is_bad(string? nonce) => _nonces.Judge(nonce, Now).ShouldBe(DPoPNonceState.Bad);

    [Fact]
    public void O13_Any_flipped_bit_of_a_nonce_is_noticed()
    {
        var nonce = _nonces.Create(Now);
        nonce.ShouldAllBe(c => c > ' ' && c < 0x7F && c != '"' && c != '\\');
        Properties.Hold(from at in Gen.Choose(0, nonce.Length - 1) from bit in Gen.Choose(0, 7) select (at, bit), flip =>
        {
            var text = nonce.ToCharArray();
            text[flip.at] = (char)(text[flip.at] ^ (1 << flip.bit));
            _nonces.Judge(new string(text), Now).ShouldBe(DPoPNonceState.Bad);
        });
    }
}
