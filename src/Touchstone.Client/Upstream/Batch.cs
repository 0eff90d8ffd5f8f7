namespace Touchstone.Client.Upstream;

/// <summary>Tokens that are asked about together. It is filled under the lock of its window, and then sent once.</summary>
internal sealed class Batch(int size)
{
    private readonly List<string> _tokens = [];
    private readonly List<TaskCompletionSource<UpstreamAnswer>> _answers = [];
    private readonly TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal IReadOnlyList<string> Tokens => _tokens;

    /// <summary>Ends when nothing more fits.</summary>
    internal Task Full => _full.Task;

    internal bool IsFull => _tokens.Count == size;

    /// <summary>Adds a token; gives what will be said of it.</summary>
    internal Task<UpstreamAnswer> Add(string token)
    {
        // Told apart from the call, so that no check runs on in another one's turn.
        var answer = new TaskCompletionSource<UpstreamAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        _tokens.Add(token);
        _answers.Add(answer);
        if (IsFull) _full.TrySetResult();
        return answer.Task;
    }

    internal void Tell(int i, UpstreamAnswer answer) => _answers[i].TrySetResult(answer);

    /// <summary>A bug is everybody's who waits.</summary>
    internal void Break(Exception bug)
    {
        foreach (var answer in _answers) answer.TrySetException(bug);
    }
}
