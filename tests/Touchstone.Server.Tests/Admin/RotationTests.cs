namespace Touchstone.Server.Tests.Admin;

public sealed class RotationTests(Acme acme) : IClassFixture<Acme>
{
    private const string Rotate = "rotate-secret";

    [Fact]
    public async Task Both_secrets_are_valid_until_the_overlap_ends()
    {
        var old = await AddAsync("both");
        var rotated = await acme.Admin.ChangeAsync(old.Id, Rotate, new { overlap_seconds = 100 });
        var young = old with { Secret = rotated.GetProperty("client_secret").GetString() };
        young.Secret.ShouldNotBe(old.Secret);
        var now = acme.Time.Seconds;
        rotated.GetProperty("secrets").GetRawText().ShouldBe($"[{{\"created_at\":{now}}},{{\"created_at\":{now},\"expires_at\":{now + 100}}}]");

        acme.Time.AdvanceSeconds(99);
        (await acme.OAuth.GrantAsync(old)).Status.ShouldBe(200);
        (await acme.OAuth.GrantAsync(young)).Status.ShouldBe(200);
        acme.Time.AdvanceSeconds(1);
        (await acme.OAuth.GrantAsync(old)).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.GrantAsync(young)).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    public async Task The_overlap_is_a_day_unless_said_otherwise(string? body)
    {
        var old = await AddAsync("day" + body?.Length);
        await acme.Admin.ChangeAsync(old.Id, Rotate, body);
        acme.Time.AdvanceSeconds(86399);
        (await acme.OAuth.GrantAsync(old)).Status.ShouldBe(200);
        acme.Time.AdvanceSeconds(1);
        (await acme.OAuth.GrantAsync(old)).ShouldBeError(401, "invalid_client");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_overlap_of_nothing_ends_the_old_secret_at_once_however_the_body_is_sent(bool isChunked)
    {
        var old = await AddAsync("none" + isChunked);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/admin/clients/{old.Id}/{Rotate}") { Content = new StringContent("""{"overlap_seconds":0}""") };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = isChunked;
        var json = (await acme.Admin.SendAsync(request)).ShouldBeJson(200).Json;
        json.GetProperty("secrets").GetArrayLength().ShouldBe(1);
        (await acme.OAuth.GrantAsync(old)).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.GrantAsync(old with { Secret = json.GetProperty("client_secret").GetString() })).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Rotating_twice_leaves_the_two_newest()
    {
        var first = await AddAsync("twice");
        var second = first with { Secret = (await acme.Admin.ChangeAsync(first.Id, Rotate)).GetProperty("client_secret").GetString() };
        var third = first with { Secret = (await acme.Admin.ChangeAsync(first.Id, Rotate)).GetProperty("client_secret").GetString() };
        (await acme.OAuth.GrantAsync(first)).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.GrantAsync(second)).Status.ShouldBe(200);
        (await acme.OAuth.GrantAsync(third)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Rotating_again_because_the_answer_was_lost_keeps_the_secret_that_is_in_use()
    {
        var first = await AddAsync("lost");
        (await acme.OAuth.GrantAsync(first)).Status.ShouldBe(200);
        await acme.Admin.ChangeAsync(first.Id, Rotate, new { overlap_seconds = 100 });
        var third = first with { Secret = (await acme.Admin.ChangeAsync(first.Id, Rotate, new { overlap_seconds = 500 })).GetProperty("client_secret").GetString() };
        (await acme.OAuth.GrantAsync(first)).Status.ShouldBe(200);
        (await acme.OAuth.GrantAsync(third)).Status.ShouldBe(200);
        acme.Time.AdvanceSeconds(100);
        (await acme.OAuth.GrantAsync(first)).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.GrantAsync(third)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_second_rotation_does_not_lengthen_the_life_of_an_old_secret()
    {
        var first = await AddAsync("short");
        var second = first with { Secret = (await acme.Admin.ChangeAsync(first.Id, Rotate, new { overlap_seconds = 10 })).GetProperty("client_secret").GetString() };
        await acme.Admin.ChangeAsync(first.Id, Rotate, new { overlap_seconds = 50 });
        acme.Time.AdvanceSeconds(49);
        (await acme.OAuth.GrantAsync(second)).Status.ShouldBe(200);
        acme.Time.AdvanceSeconds(1);
        (await acme.OAuth.GrantAsync(second)).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task Rotating_ends_no_token()
    {
        var client = await AddAsync("keeps");
        var token = await acme.OAuth.TokenOfAsync(client);
        await acme.Admin.ChangeAsync(client.Id, Rotate, new { overlap_seconds = 0 });
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task A_disabled_client_can_be_given_a_new_secret_and_stays_disabled()
    {
        var client = await AddAsync("disabled");
        await acme.Admin.ChangeAsync(client.Id, "disable");
        var rotated = await acme.Admin.ChangeAsync(client.Id, Rotate, new { overlap_seconds = 0 });
        rotated.GetProperty("enabled").GetBoolean().ShouldBeFalse();
        var young = client with { Secret = rotated.GetProperty("client_secret").GetString() };
        (await acme.OAuth.GrantAsync(young)).ShouldBeError(401, "invalid_client");
        await acme.Admin.ChangeAsync(client.Id, "enable");
        (await acme.OAuth.GrantAsync(young)).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("7776001")]
    [InlineData("9223372036854775807")]
    public async Task An_overlap_out_of_range_is_400(string seconds)
    {
        var client = await AddAsync("range" + seconds.Length);
        var problem = (await acme.Admin.PostAsync($"/admin/clients/{client.Id}/{Rotate}", $"{{\"overlap_seconds\":{seconds}}}")).ShouldBeProblem(400, "overlap_seconds must be 0 to 7776000.");
        problem.Faults().ShouldBe(["overlap_seconds"]);
        (await acme.OAuth.GrantAsync(client)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_longest_overlap_is_allowed()
    {
        var client = await AddAsync("longest");
        await acme.Admin.ChangeAsync(client.Id, Rotate, new { overlap_seconds = 7776000 });
        (await acme.OAuth.GrantAsync(client)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_public_client_has_nothing_to_rotate() =>
        (await acme.Admin.PostAsync($"/admin/clients/{acme.Spa.Id}/{Rotate}")).ShouldBeProblem(409, "A public client has no secret.");

    [Fact]
    public async Task Fifty_rotations_and_disablings_at_once_lose_no_change()
    {
        var client = await AddAsync("busy");
        await acme.Admin.TokenAsync();
        var rotations = Enumerable.Range(0, 50).Select(_ => acme.Admin.ChangeAsync(client.Id, Rotate, new { overlap_seconds = 60 }));
        var disablings = Enumerable.Range(0, 10).Select(_ => acme.Admin.ChangeAsync(client.Id, "disable"));
        var answers = await Task.WhenAll(rotations.Concat(disablings));

        var shown = (await acme.Admin.GetAsync("/admin/clients/" + client.Id)).Json;
        shown.GetProperty("enabled").GetBoolean().ShouldBeFalse();
        shown.GetProperty("secrets").GetArrayLength().ShouldBe(2);
        await acme.Admin.ChangeAsync(client.Id, "enable");
        // Exactly two of the secrets that were handed out are valid: those of the last two rotations.
        var valid = 0;
        foreach (var answer in answers.Where(answer => answer.TryGetProperty("client_secret", out _)))
        {
            var answered = await acme.OAuth.GrantAsync(client with { Secret = answer.GetProperty("client_secret").GetString() });
            if (answered.Status == 200) valid++;
        }
        valid.ShouldBe(2);
    }

    private Task<TestClient> AddAsync(string id) => acme.Admin.AddClientAsync(new { client_id = "rotate-" + id, kind = "client", audience = new[] { Acme.OrdersApi } });
}
