using Touchstone.Client;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads whether the answers of an authorization server have to be signed (RFC 9701), and what opens them where they are encrypted; a key file is followed from then on, so a key may be rotated without a restart.</summary>
internal static class SignedAnswerReader
{
    internal static readonly string[] Known = ["require_signed_answers", "signed_answer_algorithms", "answer_key_files", "require_encrypted_answers"];

    internal static void Read(ConfigMap map, string? folder, TokenIntrospectionOptions options)
    {
        options.RequireSignedAnswers = map["require_signed_answers"]?.Truth() ?? false;
        options.RequireEncryptedAnswers = map["require_encrypted_answers"]?.Truth() ?? false;
        foreach (var algorithm in map["signed_answer_algorithms"]?.Texts() ?? []) options.SignedAnswerAlgorithms.Add(algorithm);
        foreach (var file in map["answer_key_files"]?.Items() ?? [])
        {
            if (file.Text() is not { } name) continue;
            if (folder is null)
            {
                options.SignedAnswerKeys.Add(static () => throw SecretReader.Unread);
                continue;
            }
            var path = Path.GetFullPath(name, folder);
            try
            {
                options.SignedAnswerKeys.Add(FromFile.AnswerKey(path));
            }
            catch (Exception unfit) when (unfit is IOException or UnauthorizedAccessException or ArgumentException)
            {
                file.Fault(File.Exists(path) ? $"'{name}' can't be used: {unfit.Message}" : $"There is no file '{path}'.");
            }
        }
    }
}
