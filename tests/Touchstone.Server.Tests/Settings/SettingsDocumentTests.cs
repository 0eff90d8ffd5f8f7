using Touchstone.Server.Settings;

namespace Touchstone.Server.Tests.Settings;

/// <summary>docs/settings.md is what the code says, and the code forgets no setting.</summary>
public sealed class SettingsDocumentTests
{
    private const string Update = "TOUCHSTONE_UPDATE_SNAPSHOTS";
    private static readonly string Document = SourceTree.PathOf("docs", "settings.md");

    [Fact]
    public void The_reference_is_the_one_that_the_code_makes()
    {
        var made = SettingsDocument.Write();
        if (Environment.GetEnvironmentVariable(Update) == "1") File.WriteAllText(Document, made);
        File.ReadAllText(Document).ShouldBe(made, $"docs/settings.md is stale: {Update}=1 dotnet test tests/Touchstone.Server.Tests --filter SettingsDocument");
    }

    [Fact]
    public void Every_property_of_the_options_is_a_setting_or_a_group_that_is_listed()
    {
        var listed = ServerSettings.All.Select(setting => setting.Property.DeclaringType!).ToHashSet();
        var found = new HashSet<Type>();
        Visit(typeof(ServerOptions));
        found.ShouldBe(listed, ignoreOrder: true);

        void Visit(Type options)
        {
            if (!found.Add(options)) return;
            // The types of authorization details have names of the administrator's own: DetailTypeSettings reads them, and a page of their own tells of them.
            foreach (var property in options.GetProperties()) if (!ServerSettings.IsValue(property.PropertyType) && property.PropertyType != typeof(TokenIssue.AuthorizationDetailsOptions)) Visit(property.PropertyType);
        }
    }

    [Fact]
    public void Every_setting_says_what_it_is_and_its_bounds_where_it_has_a_number()
    {
        foreach (var setting in ServerSettings.All)
        {
            SettingsDocument.DescriptionOf(setting).Length.ShouldBeGreaterThan(10, setting.Name);
            if (setting.Type is "bytes" or "number" or "duration") setting.Range.ShouldNotBeEmpty(setting.Name);
        }
    }

    [Fact]
    public void The_page_on_configuration_names_no_setting_that_does_not_exist()
    {
        var page = File.ReadAllText(SourceTree.PathOf("docs", "configuration.md"));
        foreach (var name in page.Split('`').Where(text => text.StartsWith("Touchstone__", StringComparison.Ordinal)).Select(text => text.Split('=')[0]))
            ServerSettings.All.Select(setting => setting.EnvironmentVariable).ShouldContain(name);
    }
}
