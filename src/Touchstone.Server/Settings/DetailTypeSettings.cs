using Microsoft.Extensions.Configuration;
using Touchstone.Server.TokenIssue;

namespace Touchstone.Server.Settings;

/// <summary>The settings with names of the administrator's own: the types of authorization details. What is not understood is an error, as everywhere.</summary>
internal static class DetailTypeSettings
{
    internal const string Section = "AuthorizationDetails:Types";

    /// <summary>Reads the types; gives all that is wrong.</summary>
    internal static IEnumerable<string> Read(IConfigurationSection section, AuthorizationDetailsOptions options)
    {
        var errors = new List<string>();
        if (section.Value is not null) errors.Add($"{Section}: is a section with one for each type.");
        foreach (var named in section.GetChildren())
        {
            var type = new AuthorizationDetailsType();
            foreach (var part in named.GetChildren())
            {
                if (Is(part, nameof(type.Name))) type.Name = part.Value;
                else if (Is(part, nameof(type.Fields))) ReadFields(part, type, errors);
                else errors.Add($"{Place(part)}: there is no such setting; a type has Name and Fields.");
            }
            options.Types[named.Key] = type;
        }
        return errors;
    }

    private static void ReadFields(IConfigurationSection section, AuthorizationDetailsType type, List<string> errors)
    {
        foreach (var named in section.GetChildren())
        {
            var field = new AuthorizationDetailsField();
            foreach (var part in named.GetChildren())
            {
                if (Is(part, nameof(field.Type))) field.Type = part.Value;
                else if (Is(part, nameof(field.Required)))
                {
                    if (bool.TryParse(part.Value, out var required)) field.Required = required;
                    else errors.Add($"{Place(part)}: '{part.Value}' is neither true nor false.");
                }
                else if (Is(part, nameof(field.Values)))
                {
                    field.Values = part.Value is { } text ? text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [.. part.GetChildren().Select(value => value.Value).OfType<string>()];
                }
                else errors.Add($"{Place(part)}: there is no such setting; a member has Type, Required and Values.");
            }
            type.Fields[named.Key] = field;
        }
    }

    private static bool Is(IConfigurationSection part, string name) => part.Key.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static string Place(IConfigurationSection part) => part.Path[(ServerOptions.Section.Length + 1)..];
}
