using Touchstone.Server.Settings;

namespace Touchstone.Server.Tests.Settings;

/// <summary>What may be written for a value, and what for a name.</summary>
public sealed class SettingTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("90s", 90)]
    [InlineData("15m", 900)]
    [InlineData("15 minutes", 900)]
    [InlineData("1h", 3600)]
    [InlineData("7d", 604800)]
    [InlineData("00:15:00", 900)]
    [InlineData("1.00:00:00", 86400)]
    public void A_duration(string text, int seconds) => SettingText.Duration(text).ShouldBe(TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData("60")]
    [InlineData("")]
    [InlineData("h")]
    [InlineData("1.5h")]
    [InlineData("soon")]
    [InlineData("99999999999d")]
    public void No_duration_and_above_all_no_bare_number_which_dotnet_would_read_as_days(string text) => SettingText.Duration(text).ShouldBeNull();

    [Theory]
    [InlineData("65536", 65536)]
    [InlineData("64KiB", 65536)]
    [InlineData("64 kib", 65536)]
    [InlineData("2MiB", 2 << 20)]
    [InlineData("1GiB", 1 << 30)]
    [InlineData("-1", -1)]
    public void A_size(string text, long bytes) => SettingText.Number(text).ShouldBe(bytes);

    [Theory]
    [InlineData("many")]
    [InlineData("1.5MiB")]
    [InlineData("64K")]
    [InlineData("99999999999GiB")]
    public void No_size(string text) => SettingText.Number(text).ShouldBeNull();

    [Theory]
    [InlineData("MaxFromBytes", "MaxFormBytes")]
    [InlineData("maxformbyte", "MaxFormBytes")]
    [InlineData("SyslogHost", "Audit:Syslog:Host")]
    [InlineData("Audit:SyslogPort", "Audit:Syslog:Port")]
    [InlineData("Retention", "Audit:Retention")]
    [InlineData("Isuer", "Issuer")]
    [InlineData("NoSuchThing", null)]
    public void The_nearest_known_name(string name, string? meant) => NearestName.Of(name, ServerSettings.All.Select(setting => setting.Name)).ShouldBe(meant);
}
