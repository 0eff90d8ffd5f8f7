using System.Reflection;

namespace Touchstone.Protocol.Tests;

public sealed class OAuthErrorTests
{
    public static TheoryData<string, string, int> Table => new()
    {
        { nameof(OAuthError.InvalidRequest), "invalid_request", 400 },
        { nameof(OAuthError.InvalidClient), "invalid_client", 401 },
        { nameof(OAuthError.InvalidGrant), "invalid_grant", 400 },
        { nameof(OAuthError.UnauthorizedClient), "unauthorized_client", 400 },
        { nameof(OAuthError.UnsupportedGrantType), "unsupported_grant_type", 400 },
        { nameof(OAuthError.InvalidScope), "invalid_scope", 400 },
        { nameof(OAuthError.InvalidTarget), "invalid_target", 400 },
        { nameof(OAuthError.InvalidAuthorizationDetails), "invalid_authorization_details", 400 },
        { nameof(OAuthError.InvalidDPoPProof), "invalid_dpop_proof", 400 },
        { nameof(OAuthError.UseDPoPNonce), "use_dpop_nonce", 400 },
        { nameof(OAuthError.InvalidToken), "invalid_token", 401 },
        { nameof(OAuthError.InsufficientScope), "insufficient_scope", 403 },
        { nameof(OAuthError.AccessDenied), "access_denied", 403 },
        { nameof(OAuthError.NotFound), "not_found", 404 },
        { nameof(OAuthError.MethodNotAllowed), "invalid_request", 405 },
        { nameof(OAuthError.NotAcceptable), "invalid_request", 406 },
        { nameof(OAuthError.ContentTooLarge), "invalid_request", 413 },
        { nameof(OAuthError.UnsupportedMediaType), "invalid_request", 415 },
        { nameof(OAuthError.RateLimitExceeded), "rate_limit_exceeded", 429 },
        { nameof(OAuthError.RequestTimeout), "invalid_request", 408 },
        { nameof(OAuthError.TemporarilyUnavailable), "temporarily_unavailable", 503 },
        { nameof(OAuthError.ServerError), "server_error", 500 },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void T02_Each_error_has_its_code_and_status(string row, string code, int status)
    {
        var error = Rows()[row];
        error.Code.ShouldBe(code);
        error.Status.ShouldBe(status);
    }

    [Fact]
    public void T02_Every_error_stands_in_the_table_above() => Rows().Keys.ShouldBe(Table.Select(row => row.Data.Item1), ignoreOrder: true);

    [Fact]
    public void T02_Codes_and_descriptions_need_no_escaping_in_json_or_a_challenge()
    {
        foreach (var (row, error) in Rows())
        {
            error.Code.ShouldAllBe(c => char.IsAsciiLetterLower(c) || c == '_', row);
            error.Description.ShouldNotBeNullOrWhiteSpace(row);
            error.Description.ShouldAllBe(c => c >= ' ' && c <= '~' && c != '"' && c != '\\', row);
        }
    }

    [Fact]
    public void A_more_exact_description_keeps_code_and_status()
    {
        var error = OAuthError.InvalidRequest.With("The parameter token is missing.");
        error.ShouldBe(new OAuthError("invalid_request", 400, "The parameter token is missing."));
        OAuthError.InvalidRequest.Description.ShouldBe("The request is malformed.");
    }

    private static Dictionary<string, OAuthError> Rows() =>
        typeof(OAuthError).GetProperties(BindingFlags.Public | BindingFlags.Static)
            .ToDictionary(property => property.Name, property => (OAuthError)property.GetValue(null)!);
}
