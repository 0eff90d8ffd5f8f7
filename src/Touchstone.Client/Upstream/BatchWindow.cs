using Touchstone.Protocol.Forms;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Client.Upstream;

/// <summary>
/// Asks about tokens that come within a moment of each other in one call, where the server can do that and the options want it; otherwise about each alone. A call that fails, fails for each of its tokens;
/// what may be the fault of one token is asked about each alone before any is said to have failed.
/// </summary>
internal sealed class BatchWindow(TokenIntrospectionOptions options, IntrospectionEndpoint single, BatchEndpoint many, Discovery discovery, TimeProvider time)
{
    private readonly Lock _one = new();
    private Batch? _open;

    internal ValueTask<UpstreamAnswer> AskAsync(string token, CancellationToken cancellationToken) =>
        options.BatchWindow == TimeSpan.Zero || !Fits(token) ? single.AskAsync(token, cancellationToken) : AskTogetherAsync(token, cancellationToken);

    private async ValueTask<UpstreamAnswer> AskTogetherAsync(string token, CancellationToken cancellationToken)
    {
        if (await PlaceAsync(cancellationToken) is not { } place) return await single.AskAsync(token, cancellationToken);
        try
        {
            return await Join(token, place).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return UpstreamAnswer.Failed(IntrospectionFault.Timeout);
        }
    }

    private async ValueTask<Uri?> PlaceAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await discovery.FindAsync(cancellationToken))?.Batch;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    // One that takes more room than any token would push others over the limit of the body: it goes alone.
    private static bool Fits(string token) => token.Length <= TokenFormat.MaxLength && FormEncoding.Encode(token).Length <= TokenFormat.MaxLength;

    private Task<UpstreamAnswer> Join(string token, Uri place)
    {
        Batch batch;
        Task<UpstreamAnswer> answer;
        bool isFirst;
        lock (_one)
        {
            isFirst = _open is null;
            batch = _open ??= new Batch(options.BatchSize);
            answer = batch.Add(token);
            if (batch.IsFull) _open = null;
        }
        if (isFirst) _ = SendAsync(batch, place);
        return answer;
    }

    // No check owns the call: one that goes away leaves the others as they were.
    private async Task SendAsync(Batch batch, Uri place)
    {
        try
        {
            using var window = new CancellationTokenSource();
            await Task.WhenAny(batch.Full, Task.Delay(options.BatchWindow, time, window.Token));
            await window.CancelAsync();
            lock (_one)
            {
                if (_open == batch) _open = null;
            }
            using var patience = new CancellationTokenSource(options.TryTimeout, time);
            if (batch.Tokens.Count == 1) batch.Tell(0, await single.AskAsync(batch.Tokens[0], patience.Token));
            else await TellAsync(batch, place, patience.Token);
        }
        catch (Exception bug)
        {
            batch.Break(bug);
        }
    }

    private async Task TellAsync(Batch batch, Uri place, CancellationToken cancellationToken)
    {
        var answers = await many.AskAsync(place, batch.Tokens, cancellationToken);
        if (answers is [{ Fault: IntrospectionFault.Malformed }])
        {
            await Task.WhenAll(Enumerable.Range(0, batch.Tokens.Count).Select(async i => batch.Tell(i, await single.AskAsync(batch.Tokens[i], cancellationToken))));
            return;
        }
        for (var i = 0; i < batch.Tokens.Count; i++) batch.Tell(i, answers.Count == 1 ? answers[0] : answers[i]);
    }
}
