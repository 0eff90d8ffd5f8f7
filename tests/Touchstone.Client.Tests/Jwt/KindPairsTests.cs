namespace Touchstone.Client.Tests.Jwt;

/// <summary>L09, W-11 at a resource server: every kind of JWT, all signed by the issuer's one key, in every place of the client and the handler.</summary>
public sealed class KindPairsTests(ClientKinds world) : IClassFixture<ClientKinds>
{
    public static TheoryData<string, string> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string>();
            foreach (var place in ClientKinds.Places)
            {
                foreach (var kind in ClientKinds.Kinds) pairs.Add(kind.Name, place.Name);
            }
            return pairs;
        }
    }

    public static TheoryData<string> PlaceNames => [.. ClientKinds.Places.Select(place => place.Name)];

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task L09_L48_W11_A_kind_is_taken_in_its_own_places_and_in_no_other(string kind, string place)
    {
        var where = ClientKinds.Places.Single(one => one.Name == place);
        (await where.TryAsync(world, ClientKinds.Kinds.Single(one => one.Name == kind).Make(world))).ShouldBe(where.Takes.Contains(kind));
    }

    [Theory]
    [MemberData(nameof(PlaceNames))]
    public async Task L09_W10_W11_Neither_its_claims_nor_its_type_alone_make_a_JWT_one_of_a_kind(string place)
    {
        var where = ClientKinds.Places.Single(one => one.Name == place);
        foreach (var type in ClientKinds.Types)
        {
            foreach (var (name, claims) in ClientKinds.Claims) (await where.TryAsync(world, world.Sign(type, claims(world)))).ShouldBe(where.Jwts == (name, type), $"{name} as {type}");
        }
    }

    [Fact]
    public void L09_The_tables_know_each_other()
    {
        ClientKinds.Places.SelectMany(place => place.Takes).Except(ClientKinds.Kinds.Select(kind => kind.Name)).ShouldBeEmpty();
        ClientKinds.Places.ShouldAllBe(place => place.Takes.Length > 0);
    }
}
