using System.Security.Cryptography;
using System.Text;

namespace Touchstone.Client.Authentication;

/// <summary>
/// Something that is made of files, and made anew when they change. What can't be read or understood in the middle of a change leaves what was there before, and is looked at again the next time.
/// Whether a file changed is asked of the opened file: where it is reached over links that are turned, as in a mounted secret, the name tells nothing.
/// </summary>
internal sealed class RotatedFiles<T>(Func<string[], T> make, params string[] paths)
    where T : class
{
    private const int MostBytes = 64 << 10;

    private readonly Lock _one = new();
    private State? _state;

    private sealed record State(T Value, Stamp[] Stamps);

    private readonly record struct Stamp(long Ticks, long Length);

    /// <summary>Reads it for the first time.</summary>
    /// <exception cref="IOException">A file can't be read.</exception>
    /// <exception cref="ArgumentException">It is not what it has to be.</exception>
    internal RotatedFiles<T> Begin()
    {
        _state = Read();
        return this;
    }

    internal T Now()
    {
        lock (_one)
        {
            try
            {
                if (IsChanged()) _state = Read();
            }
            catch (Exception unready) when (unready is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
            {
                // Half of a rotation.
            }
            return _state!.Value;
        }
    }

    private bool IsChanged()
    {
        for (var i = 0; i < paths.Length; i++)
        {
            using var file = Open(paths[i]);
            if (StampOf(file) != _state!.Stamps[i]) return true;
        }
        return false;
    }

    private State Read()
    {
        var (texts, stamps) = (new string[paths.Length], new Stamp[paths.Length]);
        for (var i = 0; i < paths.Length; i++)
        {
            using var file = Open(paths[i]);
            stamps[i] = StampOf(file);
            var bytes = new byte[MostBytes + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length is 0 or > MostBytes) throw new ArgumentException($"{paths[i]} is empty, or longer than 64 KiB.");
            texts[i] = Encoding.UTF8.GetString(bytes, 0, length);
            CryptographicOperations.ZeroMemory(bytes);
        }
        return new State(make(texts), stamps);
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private static Stamp StampOf(FileStream file) => new(File.GetLastWriteTimeUtc(file.SafeFileHandle).Ticks, file.Length);
}
