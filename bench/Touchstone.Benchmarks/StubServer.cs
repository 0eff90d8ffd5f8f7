using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Web;
using Touchstone.Client;

namespace Touchstone.Benchmarks;

/// <summary>The wire of a server that knows every token and has a feed in which nothing happens: for measuring what the client does without one.</summary>
internal sealed class StubServer : HttpMessageHandler
{
    private const string Epoch = "0f9b2c4d5e6f47a8b9c0d1e2f3a4b5c6", Row = "7c1d9e0f2a3b4c5d8e6f7a8b9c0d1e2f";

    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(
        """{"active":true,"iss":"https://as.acme.test","sub":"u-4821","client_id":"web-shop","username":"alice@example.com","aud":"https://orders.acme.test/","scope":"orders:read orders:write","token_type":"Bearer","iat":1790000000,"exp":4102444800,"jti":"xDSTBnXfvYxhpjFsIQwlKV"}""");

    internal int Calls { get; private set; }

    internal static IntrospectionClient Client(Action<TokenIntrospectionOptions>? more = null)
    {
        var options = new TokenIntrospectionOptions { IntrospectionEndpoint = new Uri("http://127.0.0.1/introspect"), FeedEndpoint = new Uri("http://127.0.0.1/feed"), ClientId = "rs", ClientSecret = "secret" };
        more?.Invoke(options);
        return new IntrospectionClient(options, new HttpClient(new StubServer()));
    }

    internal static string Token(int number) => string.Create(CultureInfo.InvariantCulture, $"tst_at_{number:D8}MrP98HxYg8UGIskReIcTVgAmZlX3JUmmcnDQuG7rX6p3V");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method == HttpMethod.Post)
        {
            Calls++;
            var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Answer) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } };
            response.Headers.TryAddWithoutValidation("Touchstone-As-Of", Epoch + ".41");
            response.Headers.TryAddWithoutValidation("Touchstone-Tags", "1kXo0s7mZQw v9Lq3tYb2EY 7dHnP0aKx4U Qe5rT8uWz1A m2BvC6jXg9k");
            return response;
        }
        var query = HttpUtility.ParseQueryString(request.RequestUri!.Query);
        if (query["after"] is not null) await Task.Delay(TimeSpan.FromSeconds(4), TimeProvider.System, cancellationToken);
        var json = $$"""{"nonce":"{{query["nonce"]}}","head":"{{Epoch}}.41.{{Row}}","lease_seconds":15,"offset_ms":0,{{(query["after"] is null ? "\"floor\":41," : "")}}"events":[]}""";
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(json) };
    }
}
