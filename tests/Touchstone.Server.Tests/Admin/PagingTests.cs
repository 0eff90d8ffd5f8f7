namespace Touchstone.Server.Tests.Admin;

public sealed class PagingTests(Acme acme) : IClassFixture<Acme>
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task Pages_of_any_size_give_every_client_once_in_order(int limit)
    {
        var all = new List<string>();
        string? after = null;
        do
        {
            var page = (await acme.Admin.GetAsync($"/admin/clients?limit={limit}" + (after is null ? "" : "&after=" + Uri.EscapeDataString(after)))).ShouldBeJson(200).Json;
            page.EnumerateObject().Select(member => member.Name).ShouldBe(["items", "next"]);
            var ids = ClientsTests.Ids(page);
            ids.Length.ShouldBeLessThanOrEqualTo(limit);
            all.AddRange(ids);
            after = page.GetProperty("next").GetString();
            if (after is not null) ids[^1].ShouldBe(after);
        }
        while (after is not null);
        all.ShouldBe(["admin", "mute", "rs-billing", "rs-orders", "spa", "warehouse", "web-shop"]);
    }

    [Fact]
    public async Task The_last_page_says_so() =>
        (await acme.Admin.GetAsync("/admin/clients?limit=7")).Text.ShouldEndWith(",\"next\":null}");

    [Theory]
    [InlineData("zzz")]
    [InlineData("web-shop")]
    [InlineData("\u00ff")]
    public async Task After_the_end_there_is_nothing(string after) =>
        (await acme.Admin.GetAsync("/admin/clients?after=" + Uri.EscapeDataString(after))).Text.ShouldBe("""{"items":[],"next":null}""");

    [Fact]
    public async Task After_a_name_that_is_not_there_the_next_ones_come() =>
        ClientsTests.Ids((await acme.Admin.GetAsync("/admin/clients?after=rs-b&limit=2")).Json).ShouldBe(["rs-billing", "rs-orders"]);

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1001")]
    [InlineData("1e1")]
    [InlineData("")]
    [InlineData("99999999999999999999")]
    [InlineData("%2B5")]
    public async Task Another_limit_is_400(string limit) => (await acme.Admin.GetAsync("/admin/clients?limit=" + limit)).ShouldBeProblem(400, "limit must be 1 to 1000.");
}
