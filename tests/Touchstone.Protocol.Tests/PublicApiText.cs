using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Touchstone.Protocol.Tests;

/// <summary>The public types and members of an assembly as text, one member a line, in an order of its own: a change shows as a changed line.</summary>
internal static class PublicApiText
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    internal static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(type.Namespace).Append('.').Append(TypeNames.Of(type)).Append(": ").Append(Shape(type)).Append('\n');
            foreach (var member in Members(type).Order(StringComparer.Ordinal)) text.Append("    ").Append(member).Append('\n');
        }
        return text.ToString();
    }

    private static string Shape(Type type)
    {
        var words = new List<string>();
        if (type.IsEnum) return $"{(type.IsDefined(typeof(FlagsAttribute)) ? "flags " : "")}enum of {TypeNames.Of(Enum.GetUnderlyingType(type))}";
        if (type.IsAbstract && type.IsSealed) return "static class";
        if (type.IsSealed && !type.IsValueType) words.Add("sealed");
        if (type.IsAbstract) words.Add("abstract");
        if (type.IsDefined(typeof(IsReadOnlyAttribute))) words.Add("readonly");
        if (type.IsByRefLike) words.Add("ref");
        if (type.GetMethod("PrintMembers", Declared) is not null) words.Add("record");
        words.Add(type.IsValueType ? "struct" : type.IsInterface ? "interface" : "class");
        var interfaces = type.GetInterfaces().Select(TypeNames.Of).Order(StringComparer.Ordinal).ToArray();
        return string.Join(' ', words) + (interfaces.Length == 0 ? "" : $" with {string.Join(", ", interfaces)}");
    }

    private static IEnumerable<string> Members(Type type)
    {
        foreach (var field in type.GetFields(Declared).Where(field => field.IsPublic && !field.IsSpecialName))
        {
            if (type.IsEnum) yield return $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), null)}";
            else if (field.IsLiteral) yield return $"const {TypeNames.Of(field.FieldType)} {field.Name} = {Literal(field.GetRawConstantValue())}";
            else yield return $"field {TypeNames.Of(field.FieldType)} {field.Name}";
        }
        foreach (var property in type.GetProperties(Declared))
        {
            if (IsVisible(property.GetMethod) || IsVisible(property.SetMethod)) yield return Property(property);
        }
        foreach (var constructor in type.GetConstructors(Declared).Where(IsVisible)) yield return $"new({Parameters(constructor)})";
        foreach (var method in type.GetMethods(Declared).Where(IsVisible))
        {
            if (!IsAccessor(method) && !method.IsDefined(typeof(CompilerGeneratedAttribute))) yield return Method(method);
        }
    }

    private static string Method(MethodInfo method)
    {
        var type = Nullable(method.ReturnType, Nullability.Create(method.ReturnParameter).ReadState);
        return $"{(method.IsStatic ? "static " : "")}{type} {method.Name}({Parameters(method)})";
    }

    private static string Property(PropertyInfo property)
    {
        var isStatic = (property.GetMethod ?? property.SetMethod)!.IsStatic;
        var isRequired = property.IsDefined(typeof(RequiredMemberAttribute));
        var isInit = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ?? false;
        var accessors = (IsVisible(property.GetMethod) ? "get; " : "") + (IsVisible(property.SetMethod) ? (isInit ? "init; " : "set; ") : "");
        var index = property.GetIndexParameters() is { Length: > 0 } parameters ? $"[{string.Join(", ", parameters.Select(Parameter))}]" : "";
        var type = Nullable(property.PropertyType, Nullability.Create(property).ReadState);
        return $"{(isStatic ? "static " : "")}{(isRequired ? "required " : "")}{type} {property.Name}{index} {{ {accessors}}}";
    }

    private static string Parameters(MethodBase method) =>
        (method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "") + string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var way = parameter.IsDefined(typeof(ParamCollectionAttribute)) || parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params "
            : !parameter.ParameterType.IsByRef ? "" : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        var info = Nullability.Create(parameter);
        var type = Nullable(parameter.ParameterType, parameter.IsOut ? info.ReadState : info.WriteState);
        return $"{way}{type} {parameter.Name}{(parameter.HasDefaultValue ? $" = {Literal(parameter.DefaultValue)}" : "")}";
    }

    private static string Nullable(Type type, NullabilityState state)
    {
        var inner = type.IsByRef ? type.GetElementType()! : type;
        return TypeNames.Of(inner) + (!inner.IsValueType && state is NullabilityState.Nullable ? "?" : "");
    }

    private static bool IsVisible(MethodBase? method) => method is { IsPublic: true } or { IsFamily: true } or { IsFamilyOrAssembly: true };

    private static bool IsAccessor(MethodInfo method) => method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        _ => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!,
    };
}
