using System.Security.Cryptography;
using Touchstone.Sidecar.Configuration;

namespace Touchstone.Sidecar.Tests.Configuration;

/// <summary>What a file says of signed answers.</summary>
public sealed class SignedAnswerConfigTests
{
    private const string Rules = "rules: [{ name: r, paths: /a }]\n";

    [Fact]
    public void J14_Signed_and_encrypted_answers_are_demanded()
    {
        using var folder = new TempFolder();
        using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(folder.File("answers.pem"), key.ExportPkcs8PrivateKeyPem());
        var (config, faults) = Read("require_signed_answers: true, signed_answer_algorithms: [ES256], answer_key_files: [answers.pem], require_encrypted_answers: true", folder.Path);
        faults.ShouldBeEmpty();
        var options = config!.Issuers.ShouldHaveSingleItem().Options;
        (options.RequireSignedAnswers, options.RequireEncryptedAnswers).ShouldBe((true, true));
        options.SignedAnswerAlgorithms.ShouldBe(["ES256"]);
        options.SignedAnswerKeys.ShouldHaveSingleItem()().Algorithm.ShouldBe("ECDH-ES");
        Read("require_signed_answers: true", ".").Config!.Issuers[0].Options.RequireSignedAnswers.ShouldBeTrue();
        Read("retries: 1", ".").Config!.Issuers[0].Options.RequireSignedAnswers.ShouldBeFalse();
    }

    [Theory]
    [InlineData("require_signed_answers: perhaps", "true or false")]
    [InlineData("require_signed_answers: true, signed_answer_algorithms: [HS256]", "signed_answer_algorithms may have")]
    [InlineData("require_signed_answers: true, answer_key_files: [nowhere.pem]", "There is no file")]
    [InlineData("require_signed_answers: true, answer_key_files: [wrong.pem]", "can't be used")]
    [InlineData("require_signed_answers: true, require_encrypted_answers: true", "needs answer_key_files")]
    [InlineData("require_encrypted_answers: true", "require_signed_answers")]
    public void What_can_not_be_meant_is_told(string said, string expected)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("wrong.pem"), "no key");
        var (config, faults) = Read(said, folder.Path);
        config.ShouldBeNull();
        string.Join('\n', faults).ShouldContain(expected);
    }

    private static (SidecarConfig? Config, IReadOnlyList<ConfigFault> Faults) Read(string said, string folder)
    {
        var (config, faults) = SidecarConfigReader.Read($"issuers: {{ issuer: https://as.acme.test, client_id: a, client_secret: b, {said} }}\n" + Rules, folder);
        return (config, faults);
    }
}
