using System.Buffers.Text;
using System.Security.Cryptography;
using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Revocation;

public sealed class TagKeyTests
{
    private static readonly byte[] Secret = [.. Enumerable.Range(0, TagKey.Size).Select(i => (byte)i)];

    [Fact]
    public void A_tag_is_a_MAC_over_length_prefixed_kind_and_key_under_the_callers_key()
    {
        byte[] name = [0, 0, 0, 20, .. "touchstone feed tags"u8, 0, 0, 0, 9, .. "rs-orders"u8];
        var key = new KeyedHash(HMACSHA256.HashData(Secret, name).AsSpan(0, KeyedHash.KeySize));
        string Tag(byte[] bytes) => Base64Url.EncodeToString(BitConverter.GetBytes(key.Of(bytes).Low));
        byte[] grant = [0, 0, 0, 1, 2, 0, 0, 0, 3, .. "g-1"u8], token = [0, 0, 0, 1, 1, 0, 0, 0, 32, .. TokenHash.Of("t").ToArray()];
        TagKey.For(Secret, "rs-orders").Of(Selector.Grant("g-1")).ShouldBe(Tag(grant));
        TagKey.For(Secret, "rs-orders").Of(Selector.Token(TokenHash.Of("t"))).ShouldBe(Tag(token));
    }

    [Fact]
    public void Another_caller_kind_or_key_is_another_tag()
    {
        var orders = TagKey.For(Secret, "rs-orders");
        string[] tags =
        [
            orders.Of(Selector.Grant("x")), orders.Of(Selector.Client("x")), orders.Of(Selector.Registration("x")), orders.Of(Selector.Grant("y")), orders.Of(Selector.All), orders.Of(Selector.Session("a", "x")),
            orders.Of(Selector.Subject("a", "x")), orders.Of(Selector.Member("t", "a", "x")), orders.Of(Selector.Grant(new string('x', 2000))), TagKey.For(Secret, "rs-billing").Of(Selector.Grant("x")),
            TagKey.For(new byte[TagKey.Size], "rs-orders").Of(Selector.Grant("x")),
        ];
        tags.Distinct().Count().ShouldBe(tags.Length);
        tags.ShouldAllBe(tag => tag.Length == TagKey.TagLength);
    }

    [Fact]
    public void A_record_has_a_selector_for_each_row_that_could_end_it()
    {
        var record = TokenRecords.Access with { Ancestors = [TokenHash.Of("a"), TokenHash.Of("b")] };
        var selectors = Selector.Of(record).ToArray();
        selectors.Length.ShouldBe(8 + record.Ancestors.Count);
        selectors.ShouldBeUnique();
        foreach (var selector in selectors)
        {
            var row = new RevocationRow { Seq = record.Born + 1, Id = Guid.NewGuid(), At = 0, Selector = selector, ForgetAfter = 0, Actor = "x" };
            row.Ends(record).ShouldBeTrue(selector.ToString());
        }
    }
}
