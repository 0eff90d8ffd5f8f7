using System.Buffers;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol;
using Touchstone.Protocol.Forms;
using Touchstone.Protocol.Leases;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Introspection;
using Touchstone.Server.Limits;

namespace Touchstone.Server.Http;

/// <summary>One request to a form endpoint and its answer. Used again for the next request, so it keeps nothing once it is over.</summary>
internal sealed class FormExchange
{
    internal HttpContext Http { get; private set; } = null!;

    /// <summary>Ends when the caller goes away. The server makes it when it is first asked for (100 ns, 200 bytes), so only what really waits should ask.</summary>
    internal CancellationToken Aborted => Http.RequestAborted;

    /// <summary>The parameters of the body.</summary>
    internal OAuthForm Form { get; } = new();

    /// <summary>The authenticated caller; null until it is known.</summary>
    internal Client? Caller { get; set; }

    /// <summary>How many tokens the request asks about, known before its caller is: what it is charged by a limit. 1, but for a batch.</summary>
    internal int Tokens { get; set; }

    /// <summary>What is counted: what became of the request.</summary>
    internal string Outcome { get; private set; } = "";

    /// <summary>What is counted: why. It never reaches the wire.</summary>
    internal string Reason { get; private set; } = "";

    /// <summary>When the request began, as a time stamp of the clock.</summary>
    internal long Started { get; private set; }

    /// <summary>The registered client that the request named, whether or not it proved to be it: for the audit of failures.</summary>
    internal string? Claimed { get; set; }

    /// <summary>What is held against the address of the request; null where that is nothing.</summary>
    internal AddressRecord? Address { get; set; }

    /// <summary>For a follower: the state of the log before anything of the request was judged; null for everybody else.</summary>
    internal LogCursor? AsOf { get; set; }

    /// <summary>In which form the answer about a token is wanted.</summary>
    internal AnswerForm Wanted { get; set; }

    /// <summary>What a signed answer is made with; null for a plain one.</summary>
    internal AnswerKeys? AnswerKeys { get; set; }

    internal void Begin(HttpContext http, long started)
    {
        AsOf = null;
        Wanted = AnswerForm.Json;
        Http = http;
        Started = started;
        Tokens = 1;
        Claimed = null;
        Caller = null;
        Address = null;
        Outcome = Reason = "";
    }

    internal void End()
    {
        Form.Clear();
        Http = null!;
        Caller = null;
        Address = null;
        AnswerKeys = null;
    }

    /// <summary>Answers 200 with JSON.</summary>
    internal void Answer(ReadOnlySpan<byte> json, string outcome, string reason)
    {
        (Outcome, Reason) = (outcome, reason);
        Responses.WriteJson(Http.Response, StatusCodes.Status200OK, json);
    }

    /// <summary>Says what became of a request that is answered elsewhere.</summary>
    internal void Conclude(string outcome, string reason) => (Outcome, Reason) = (outcome, reason);

    /// <summary>Answers 200 with nothing.</summary>
    internal void AnswerEmpty(string outcome, string reason)
    {
        (Outcome, Reason) = (outcome, reason);
        Responses.SetNoStore(Http.Response);
        Http.Response.ContentLength = 0;
    }

    /// <summary>Counts a request whose caller went away, and breaks the connection: an empty 200 would tell who only ended its sending side that a token is revoked.</summary>
    internal void Abandon()
    {
        (Outcome, Reason) = ("aborted", "aborted");
        Http.Abort();
    }

    /// <summary>Refuses with an error of the table.</summary>
    internal void Refuse(OAuthError error, string? reason = null)
    {
        (Outcome, Reason) = (error.Code, reason ?? error.Code);
        Responses.WriteError(Http.Response, error);
    }

    /// <summary>Refuses what may be tried again after a while, and says when.</summary>
    internal void RefuseForNow(OAuthError error, string reason, TimeSpan wait)
    {
        Refuse(error, reason);
        Responses.SetRetryAfter(Http.Response, wait);
    }

    /// <summary>Refuses because the caller is not known.</summary>
    internal void Refuse(in ClientAuthResult failed)
    {
        if (failed.Failure is AuthFailure.Delayed)
        {
            RefuseForNow(failed.Error, failed.Reason, failed.RetryAfter);
            return;
        }
        Refuse(failed.Error, failed.Reason);
        // Who came with an access token is told in its scheme (RFC 6750 §3).
        if (failed.Method is Protocol.ClientAuth.ClientAuthMethod.Bearer && failed.Error.Status == StatusCodes.Status401Unauthorized)
            Http.Response.Headers.WWWAuthenticate = Responses.BearerChallenge(failed.Error, BearerMethod.Scope);
    }
}
