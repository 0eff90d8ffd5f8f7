using System.Globalization;
using System.Reflection;

namespace Touchstone.Server.Settings;

/// <summary>One setting: how it is called, what it may be, and where its value lies.</summary>
internal sealed class Setting(string group, PropertyInfo property, Func<ServerOptions, object> owner)
{
    private readonly SettingAttribute _says = property.GetCustomAttribute<SettingAttribute>() ?? new SettingAttribute();
    private readonly Type _type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

    /// <summary>Its name below <c>Touchstone</c>: <c>Audit:Syslog:Port</c>.</summary>
    internal string Name { get; } = group.Length == 0 ? property.Name : $"{group}:{property.Name}";

    /// <summary>The options class and the property, for whoever looks for its documentation.</summary>
    internal PropertyInfo Property => property;

    internal string EnvironmentVariable => $"{ServerOptions.Section}__{Name.Replace(":", "__", StringComparison.Ordinal)}" + (IsList ? "__0" : "");

    internal string? Flag => _says.Flag;

    internal bool IsSecret => _says.IsSecret;

    internal string? DefaultText => _says.Default;

    internal bool IsList => _type == typeof(IList<string>);

    /// <summary>Whether its number counts bytes: then its name says so.</summary>
    private bool IsSize => Name.EndsWith("Bytes", StringComparison.Ordinal);

    /// <summary>What is to be given, in words.</summary>
    internal string Type => _type == typeof(bool) ? "true or false"
        : _type == typeof(TimeSpan) ? "duration"
        : _type == typeof(int) || _type == typeof(long) ? IsSize ? "bytes" : "number"
        : _type.IsEnum ? "word"
        : IsList ? "list of texts" : "text";

    /// <summary>What it may be, in words; empty where its type says all.</summary>
    internal string Range => _says.Range ?? (_type.IsEnum ? Words(Choices)
        : (_says.Min, _says.Max) switch
        {
            (null, null) => "",
            ({ } min, null) => $"{Bound(min)} or more",
            (null, { } max) => $"up to {Bound(max)}",
            ({ } min, { } max) => $"{(_says.Zero is { } zero ? $"0 ({zero}), or " : "")}{Bound(min)} to {Bound(max)}",
        });

    private string[] Choices => [.. Enum.GetNames(_type).Select(SettingText.Choice)];

    internal object? Get(ServerOptions options) => property.GetValue(owner(options));

    /// <summary>Sets it from text; says what is wrong with the text otherwise.</summary>
    internal string? TrySet(ServerOptions options, string text)
    {
        if (Parse(text) is not { } value) return $"{Name}: '{(IsSecret ? "…" : text)}' is {Expected}.";
        property.SetValue(owner(options), value);
        return null;
    }

    /// <summary>What is wrong with its value; null when it lies within its bounds.</summary>
    internal string? Fault(ServerOptions options)
    {
        var value = Get(options);
        var holds = value switch
        {
            int number => IsWithin(number, SettingText.Number),
            long number => IsWithin(number, SettingText.Number),
            TimeSpan duration => IsWithin(duration, SettingText.Duration),
            Enum choice => Enum.IsDefined(_type, choice),
            _ => true,
        };
        return holds ? null : $"{Name}: must be {Range}.";
    }

    private object? Parse(string text)
    {
        if (_type == typeof(string)) return text;
        if (_type == typeof(bool)) return bool.TryParse(text, out var yes) ? yes : null;
        if (_type == typeof(TimeSpan)) return SettingText.Duration(text);
        if (_type == typeof(long)) return SettingText.Number(text);
        if (_type == typeof(int)) return SettingText.Number(text) is { } number and >= int.MinValue and <= int.MaxValue ? (int)number : null;
        if (IsList) return text.Split([',', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToList();
        // By name only: a number would mean another word in the next version.
        return Enum.GetNames(_type).FirstOrDefault(name => name.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase)) is { } known ? Enum.Parse(_type, known) : null;
    }

    private string Expected => _type == typeof(bool) ? "neither true nor false"
        : _type == typeof(TimeSpan) ? "no duration such as 90s, 15m, 1h, 7d or 1.00:00:00"
        : _type.IsEnum ? $"none of {Words(Choices, "and")}"
        : IsSize ? "no number of bytes such as 65536 or 64KiB" : "no whole number";

    private bool IsWithin<T>(T value, Func<string, T?> parse)
        where T : struct, IComparable<T>
    {
        if (_says.Zero is not null && value.CompareTo(default) == 0) return true;
        return (_says.Min is not { } min || value.CompareTo(parse(min)!.Value) >= 0) && (_says.Max is not { } max || value.CompareTo(parse(max)!.Value) <= 0);
    }

    // Sizes with the bytes too, as files have them.
    private static string Bound(string text) =>
        SettingText.Number(text) is { } number && number.ToString(CultureInfo.InvariantCulture) is var digits && digits != text ? $"{digits} ({text})" : text;

    private static string Words(string[] words, string last = "or") => words.Length < 2 ? string.Concat(words) : $"{string.Join(", ", words[..^1])} {last} {words[^1]}";
}
