using Touchstone.Client;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads <c>client_secret</c> or <c>client_secret_file</c>; a file is followed from then on, so a secret may be rotated without a restart.</summary>
internal static class SecretReader
{
    /// <summary>Of a file that was read without the files that it names nothing is started.</summary>
    internal static InvalidOperationException Unread => new("The file was read without its secrets.");

    internal static Func<string>? Read(ConfigMap map, string? folder)
    {
        var (given, file) = (map["client_secret"], map["client_secret_file"]);
        if (given is null == file is null) map.Owner.Fault("Give client_secret or client_secret_file, one of the two.");
        else if (given is not null) return given.Text() is { } secret ? () => secret : null;
        else if (folder is null) return file!.Text() is null ? null : static () => throw Unread;
        else if (file!.Text() is { } name)
        {
            var path = Path.GetFullPath(name, folder);
            try
            {
                return FromFile.Secret(path);
            }
            catch (Exception unfit) when (unfit is IOException or UnauthorizedAccessException or ArgumentException)
            {
                file.Fault(File.Exists(path) ? $"'{name}' can't be used: {unfit.Message}" : $"There is no file '{path}'.");
            }
        }
        return null;
    }
}
