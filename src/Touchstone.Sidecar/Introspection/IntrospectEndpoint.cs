using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.ObjectPool;
using Touchstone.Client;
using Touchstone.Protocol;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Forms;
using Touchstone.Protocol.Introspection;
using Touchstone.Sidecar.Decisions;

namespace Touchstone.Sidecar.Introspection;

/// <summary>
/// <c>POST /introspect</c> (RFC 7662) from memory: any client of an introspection endpoint that is pointed here asks no server about a token that was asked about before, and hears of its revocation all the same.
/// The answer is what the server says to the sidecar, or to the caller.
/// </summary>
/// <param name="tokens">Who knows about tokens.</param>
/// <param name="ofCallers">Who knows about tokens as a caller sees them, by its identifier; null: all callers are told what the sidecar is.</param>
/// <param name="callers">Who may ask.</param>
/// <param name="policy">How long answers are used.</param>
/// <param name="mostAtOnce">How many questions of one caller the server may be asked at once.</param>
internal sealed class IntrospectEndpoint(IntrospectionRouter tokens, IReadOnlyDictionary<string, IntrospectionRouter>? ofCallers, LocalCallers callers, IntrospectionPolicy policy, int mostAtOnce)
{
    internal const string Path = "/introspect";

    /// <summary>The most bytes of a body: 64 KiB.</summary>
    internal const int MaxBodyBytes = BoundedBody.Max;

    private const int MostForms = 256, MostOnStack = 512;

    private readonly CallersAtOnce _atOnce = new(mostAtOnce);

    // Forms wait for their next request, emptied.
    private readonly ObjectPool<OAuthForm> _forms = new DefaultObjectPool<OAuthForm>(new DefaultPooledObjectPolicy<OAuthForm>(), MostForms);

    internal async Task ServeAsync(HttpContext http)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            Answers.Refuse(http.Response, OAuthError.MethodNotAllowed);
            return;
        }
        if (!IsForm(http.Request.ContentType))
        {
            Answers.Refuse(http.Response, OAuthError.UnsupportedMediaType);
            return;
        }
        var form = _forms.Get();
        try
        {
            await ServeAsync(http, form);
        }
        finally
        {
            form.Clear();
            _forms.Return(form);
        }
    }

    private async Task ServeAsync(HttpContext http, OAuthForm form)
    {
        // 1. What is asked, and by whom?
        if (await ReadAsync(http, form) is { } wrong)
        {
            Answers.Refuse(http.Response, wrong);
            return;
        }
        if (Authenticate(http, form, out var caller) is { } refused)
        {
            Answers.Refuse(http.Response, refused);
            return;
        }
        if (!IntrospectionRequest.TryRead(form, out var request))
        {
            Answers.Refuse(http.Response, OAuthError.InvalidRequest.With("The parameter token is missing."));
            return;
        }

        // 2. What is known of it?
        var source = ofCallers is null ? tokens : ofCallers[caller!.Id];
        if (!TryRecall(source, request.Token, out var token, out var result))
        {
            if (_atOnce.TryEnter(caller) is not { } turn)
            {
                Answers.Refuse(http.Response, OAuthError.RateLimitExceeded);
                return;
            }
            using (turn) result = await source.IntrospectAsync(token, policy, http.RequestAborted);
        }

        // 3. Where nobody can tell, nothing is said of the token.
        if (ofCallers is not null && result.Fault is IntrospectionFault.Refused) Answers.Refuse(http.Response, OAuthError.AccessDenied.With("The server refuses this caller."));
        else if (result.Outcome is IntrospectionOutcome.CannotTell) Answers.Refuse(http.Response, OAuthError.TemporarilyUnavailable.With("The token could not be judged. Try again."));
        else if (result.Token is { } active) Answers.Write(http.Response, StatusCodes.Status200OK, active.Json.Span);
        else Answers.Write(http.Response, StatusCodes.Status200OK, "{\"active\":false}"u8);
    }

    // A token that is known becomes no string of its own.
    private bool TryRecall(IntrospectionRouter source, ReadOnlySpan<byte> sent, out string token, out IntrospectionResult known)
    {
        Span<char> chars = stackalloc char[MostOnStack];
        token = "";
        if (sent.Length <= chars.Length)
        {
            Encoding.Latin1.GetChars(sent, chars);
            if (source.TryIntrospect(chars[..sent.Length], policy, out known)) return true;
        }
        known = default;
        token = Encoding.Latin1.GetString(sent);
        return false;
    }

    private static async ValueTask<OAuthError?> ReadAsync(HttpContext http, OAuthForm form)
    {
        if (http.Request.ContentLength > MaxBodyBytes) return OAuthError.ContentTooLarge;
        var reader = http.Request.BodyReader;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(http.RequestAborted);
                if (read.Buffer.Length > MaxBodyBytes) return OAuthError.ContentTooLarge;
                if (!read.IsCompleted)
                {
                    reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                }
                var result = form.Read(read.Buffer);
                reader.AdvanceTo(read.Buffer.End);
                return result switch
                {
                    FormResult.Ok => null,
                    FormResult.Repeated => OAuthError.InvalidRequest.With("A parameter stands twice."),
                    _ => OAuthError.InvalidRequest,
                };
            }
        }
        catch (BadHttpRequestException broken)
        {
            return broken.StatusCode is StatusCodes.Status413PayloadTooLarge ? OAuthError.ContentTooLarge : OAuthError.InvalidRequest;
        }
    }

    // Null for whoever needs no secret.
    private OAuthError? Authenticate(HttpContext http, OAuthForm form, out LocalCaller? caller)
    {
        caller = null;
        var header = http.Request.Headers.Authorization;
        if (header.Count > 1) return OAuthError.InvalidRequest.With("There are two Authorization headers.");
        Span<byte> scratch = stackalloc byte[ClientCredentials.ScratchSize];
        var found = ClientCredentials.Read(header.ToString(), form, scratch, out var credentials);
        if (found is CredentialsResult.Missing && callers.Knows(http.Connection)) return null;
        if (found is CredentialsResult.Ambiguous) return OAuthError.InvalidRequest.With("Use one method of authentication.");
        if (found is CredentialsResult.Presented && credentials.Method is ClientAuthMethod.ClientSecretBasic or ClientAuthMethod.ClientSecretPost) caller = callers.Find(credentials.ClientId, credentials.Secret);
        return caller is null ? OAuthError.InvalidClient : null;
    }

    private static bool IsForm(string? type)
    {
        const string Form = "application/x-www-form-urlencoded";
        return type is not null && type.StartsWith(Form, StringComparison.OrdinalIgnoreCase) && (type.Length == Form.Length || type[Form.Length] is ';' or ' ');
    }
}
