using System.Net.Http.Json;

namespace Touchstone.EndToEnd.Tests.Admin;

/// <summary>The body of a rotation is optional, and what stands in it counts however it is sent.</summary>
public sealed class RotationBodyTests(SharedServer shared)
{
    private const string Audience = "https://orders.example.com";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_overlap_of_0_ends_the_old_secret_at_once_also_when_the_body_comes_in_chunks(bool chunked)
    {
        var old = await shared.Server.Admin.AddResourceServerAsync(SharedServer.Name("rs"), Audience);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/admin/clients/{old.Id}/rotate-secret") { Content = JsonContent.Create(new { overlap_seconds = 0 }) };
        request.Headers.TransferEncodingChunked = chunked;
        if (!chunked) await request.Content.LoadIntoBufferAsync();

        var answer = await shared.Server.Admin.SendAsync(request);

        answer.Status.ShouldBe(200);
        answer.Json.GetProperty("secrets").GetArrayLength().ShouldBe(1);
        (await shared.Server.OAuth.IntrospectAsync("x", old)).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Without_a_body_the_old_secret_lives_on_for_a_day()
    {
        var old = await shared.Server.Admin.AddResourceServerAsync(SharedServer.Name("rs"), Audience);

        var answer = await shared.Server.Admin.PostAsync($"/admin/clients/{old.Id}/rotate-secret");

        answer.Status.ShouldBe(200);
        answer.Json.GetProperty("secrets").GetArrayLength().ShouldBe(2);
        (await shared.Server.OAuth.IntrospectAsync("x", old)).Status.ShouldBe(200);
    }
}
