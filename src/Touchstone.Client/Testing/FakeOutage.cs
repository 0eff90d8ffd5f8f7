using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Touchstone.Client.Testing;

/// <summary>A server in trouble.</summary>
/// <param name="Status">What it answers; null: nothing.</param>
/// <param name="IsSlow">Whether it lets wait; otherwise nobody is there.</param>
/// <param name="RetryAfter">What it says of coming back.</param>
internal sealed record FakeOutage(HttpStatusCode? Status, bool IsSlow = false, TimeSpan? RetryAfter = null)
{
    internal static FakeOutage Of(IntrospectionFault fault, TimeSpan? retryAfter) => fault switch
    {
        IntrospectionFault.Unreachable => new(Status: null),
        IntrospectionFault.Timeout => new(Status: null, IsSlow: true),
        IntrospectionFault.ServerError => new(HttpStatusCode.InternalServerError, RetryAfter: retryAfter),
        IntrospectionFault.Throttled => new(HttpStatusCode.TooManyRequests, RetryAfter: retryAfter ?? TimeSpan.FromSeconds(1)),
        IntrospectionFault.Refused => new(HttpStatusCode.Unauthorized),
        IntrospectionFault.Malformed => new(HttpStatusCode.OK),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "No server causes this."),
    };

    internal HttpResponseMessage Answer()
    {
        if (Status is not { } status) throw new HttpRequestException(HttpRequestError.ConnectionError, "Nobody is there.");
        var response = new HttpResponseMessage(status);
        if (RetryAfter is { } delay) response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(Math.Ceiling(delay.TotalSeconds)));
        if (status is HttpStatusCode.OK) response.Content = new StringContent("<html>", Encoding.UTF8, "application/json");
        return response;
    }
}
