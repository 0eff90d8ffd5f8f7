using Touchstone.Protocol.Jwt;
using Touchstone.Server.Tests.Rfc9068;

namespace Touchstone.Server.Tests.Lessons;

/// <summary>L09, W-11: every kind in every place. Each is taken where it belongs, so that a test can fail both ways, and nowhere else.</summary>
public sealed class KindPairsTests(KindWorld world) : IClassFixture<KindWorld>
{
    public static TheoryData<string, string> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string>();
            foreach (var place in Places.All)
            {
                foreach (var kind in Kinds.All) pairs.Add(kind.Name, place.Name);
            }
            return pairs;
        }
    }

    public static TheoryData<string> PlaceNames => [.. Places.All.Select(place => place.Name)];

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task L09_W11_A_kind_is_taken_in_its_own_places_and_in_no_other(string kind, string place)
    {
        var (made, where) = (await Kinds.All.Single(one => one.Name == kind).Make(world), Places.All.Single(one => one.Name == place));
        (await where.TryAsync(world, made)).ShouldBe(where.Takes.Contains(kind));
    }

    [Theory]
    [MemberData(nameof(PlaceNames))]
    public async Task L09_W11_Neither_its_claims_nor_its_type_alone_make_a_JWT_one_of_a_kind(string place)
    {
        var where = Places.All.Single(one => one.Name == place);
        foreach (var type in Kinds.Types)
        {
            foreach (var (name, claims) in Kinds.Claims) (await where.TryAsync(world, await world.JwtAsync(type, claims))).ShouldBe(where.TakesJwt(type, name), $"{name} as {type}");
        }
    }

    [Fact]
    public async Task W11_All_JWTs_here_are_signed_well_so_that_no_signature_tells_them_apart()
    {
        foreach (var kind in Kinds.All)
        {
            var made = (await kind.Make(world)).Value;
            if (Jwts.IsJwt(made)) (await world.Acme.Server.VerifyAsync(made)).ShouldBe(SignatureVerdict.Good, kind.Name);
        }
    }

    [Fact]
    public void L09_The_tables_know_each_other()
    {
        Places.All.SelectMany(place => place.Takes).Except(Kinds.All.Select(kind => kind.Name)).ShouldBeEmpty();
        Places.All.Where(place => place.Jwts is { } jwts && (!Kinds.Claims.ContainsKey(jwts.Claims) || jwts.Types.Except(Kinds.Types).Any())).ShouldBeEmpty();
        Kinds.All.DistinctBy(kind => kind.Name).Count().ShouldBe(Kinds.All.Length);
    }
}
