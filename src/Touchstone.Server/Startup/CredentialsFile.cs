using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Touchstone.Server.Startup;

/// <summary>A file of credentials: mode 0600, and never seen half written (temporary file, fsync, rename, fsync of the folder).</summary>
internal static class CredentialsFile
{
    /// <summary>Reads a file; null when there is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="type">What it holds.</param>
    /// <param name="advice">What to do when it can't be read.</param>
    internal static T? Read<T>(string path, JsonTypeInfo<T> type, string advice = "Mend it, or move it away and run 'touchstone admin recover'.")
        where T : class
    {
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), type);
        }
        catch (JsonException error)
        {
            throw new StartupException($"{path} can't be read: {error.Message} {advice}");
        }
    }

    internal static void Write<T>(string path, T value, JsonTypeInfo<T> type)
    {
        var temporary = path + ".tmp";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(file, value, type);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
        FolderSync.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}
