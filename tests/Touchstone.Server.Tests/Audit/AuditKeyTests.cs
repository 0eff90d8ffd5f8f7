using Touchstone.Server.Audit;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Tests.Audit;

public sealed class AuditKeyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(31)]
    [InlineData(33)]
    public void A_key_of_hashed_fields_that_was_cut_is_refused_and_left_alone(int length)
    {
        using var folder = new TempFolder();
        AuditKey.Open(folder.Path).Dispose();
        var path = folder.File("audit.hmac");
        var whole = File.ReadAllBytes(path);
        var cut = new byte[length];
        Array.Copy(whole, cut, Math.Min(length, whole.Length));
        File.WriteAllBytes(path, cut);
        Should.Throw<StartupException>(() => AuditKey.Open(folder.Path)).Message.ShouldStartWith($"{path} has {length} bytes, and its key has 32. Put it back from a backup");
        File.ReadAllBytes(path).ShouldBe(cut);

        // As the message says.
        File.Delete(path);
        using var opened = AuditKey.Open(folder.Path);
        opened.Hmac.Length.ShouldBe(32);
        opened.Hmac.ShouldNotBe(whole);
    }
}
