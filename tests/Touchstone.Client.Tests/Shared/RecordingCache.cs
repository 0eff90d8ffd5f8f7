using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Touchstone.Client.Tests.Shared;

/// <summary>The framework's cache in memory, with a door to it.</summary>
internal sealed class RecordingCache : IDistributedCache
{
    private readonly MemoryDistributedCache _inner = new(Options.Create(new MemoryDistributedCacheOptions()));
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, byte> _names = new();
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously), _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Exception? Fault { get; set; }

    internal bool Hangs { get; set; }

    /// <summary>Holds back what was read.</summary>
    internal TaskCompletionSource? Gate { get; set; }

    internal Task Written => _written.Task;

    internal Task Reached => _reached.Task;

    internal System.Collections.Concurrent.ConcurrentQueue<string> Asked { get; } = new();

    internal Dictionary<string, byte[]> Entries => _names.Keys.Where(name => _inner.Get(name) is not null).ToDictionary(name => name, name => _inner.Get(name)!);

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        Asked.Enqueue(key);
        if (Fault is not null) throw Fault;
        if (Gate is { } gate)
        {
            var read = await _inner.GetAsync(key, token);
            _reached.TrySetResult();
            await gate.Task;
            return read;
        }
        if (!Hangs) return await _inner.GetAsync(key, token);
        _reached.SetResult();
        return await new TaskCompletionSource<byte[]?>().Task; // It does not even look at its cancellation.
    }

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        if (Fault is not null) throw Fault;
        _names[key] = 0;
        await _inner.SetAsync(key, value, options, token);
        _written.TrySetResult();
    }

    public Task RemoveAsync(string key, CancellationToken token = default) => Fault is not null ? throw Fault : _inner.RemoveAsync(key, token);

    public Task RefreshAsync(string key, CancellationToken token = default) => _inner.RefreshAsync(key, token);

    public byte[]? Get(string key) => _inner.Get(key);

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => _inner.Set(key, value, options);

    public void Remove(string key) => _inner.Remove(key);

    public void Refresh(string key) => _inner.Refresh(key);
}
