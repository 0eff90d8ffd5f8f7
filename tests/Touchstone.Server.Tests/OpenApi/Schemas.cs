using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Touchstone.Protocol;
using Touchstone.Server.Admin;

namespace Touchstone.Server.Tests.OpenApi;

/// <summary>The shapes: those of the admin API from its own serializer, the others written here.</summary>
internal sealed class Schemas
{
    private readonly JsonObject _all = [];

    internal Schemas()
    {
        Write("IntrospectionForm", """{"type":"object","required":["token"],"properties":{"token":{"type":"string"},"token_type_hint":{"type":"string"}}}""");
        Write("RevocationForm", """{"type":"object","required":["token"],"properties":{"token":{"type":"string"},"token_type_hint":{"type":"string"}}}""");
        Write("TokenForm", """{"type":"object","required":["grant_type"],"properties":{"grant_type":{"type":"string","enum":["client_credentials","refresh_token","urn:ietf:params:oauth:grant-type:token-exchange"]},"refresh_token":{"type":"string"},"scope":{"type":"string"},"resource":{"type":"array","items":{"type":"string"}},"audience":{"type":"array","items":{"type":"string"}},"subject_token":{"type":"string"},"subject_token_type":{"type":"string"},"actor_token":{"type":"string"},"actor_token_type":{"type":"string"},"requested_token_type":{"type":"string"},"authorization_details":{"type":"string"}}}""");
        Write("BatchForm", """{"type":"object","required":["token"],"properties":{"token":{"type":"array","minItems":1,"maxItems":100,"items":{"type":"string"}},"token_type_hint":{"type":"string"}}}""");
        Write("BatchAnswer", """{"type":"object","required":["results"],"additionalProperties":false,"properties":{"results":{"type":"array","items":{"$ref":"#/components/schemas/IntrospectionAnswer"}}}}""");
        foreach (var form in (string[])["IntrospectionForm", "BatchForm", "RevocationForm", "TokenForm"])
        {
            foreach (var name in (string[])["client_id", "client_secret", "client_assertion", "client_assertion_type"]) _all[form]!["properties"]![name] = new JsonObject { ["type"] = "string" };
        }
        Write("GlobalRevocation", """{"type":"object","required":["sub_id"],"additionalProperties":false,"properties":{"sub_id":{"type":"object","required":["format"],"properties":{"format":{"type":"string","enum":["iss_sub","opaque","aliases"]}}}}}""");
        Write(
            "IntrospectionAnswer",
            """
            {"type":"object","required":["active"],"properties":{"active":{"type":"boolean"},"iss":{"type":"string"},"sub":{"type":"string"},"client_id":{"type":"string"},"username":{"type":"string"},
            "aud":{"oneOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]},"scope":{"type":"string"},"token_type":{"type":"string"},"iat":{"type":"integer"},"nbf":{"type":"integer"},"exp":{"type":"integer"},
            "jti":{"type":"string"},"cnf":{"type":"object"},"act":{"type":"object"},"authorization_details":{"type":"array"}}}
            """);
        Write("TokenAnswer", """{"type":"object","required":["access_token","token_type","expires_in"],"properties":{"access_token":{"type":"string"},"issued_token_type":{"type":"string"},"token_type":{"type":"string"},"expires_in":{"type":"integer"},"refresh_token":{"type":"string"},"scope":{"type":"string"},"authorization_details":{"type":"array"}}}""");
        Write("Jwks", """{"type":"object","required":["keys"],"properties":{"keys":{"type":"array","items":{"type":"object","required":["kty","use","alg","kid"],"properties":{"kty":{"type":"string","enum":["EC","RSA"]},"use":{"type":"string","enum":["sig"]},"alg":{"type":"string","enum":["ES256","RS256"]},"kid":{"type":"string"},"crv":{"type":"string"},"x":{"type":"string"},"y":{"type":"string"},"n":{"type":"string"},"e":{"type":"string"}}}}}}""");
        Write("Metadata", """{"type":"object","required":["issuer","token_endpoint","introspection_endpoint","revocation_endpoint","response_types_supported"],"properties":{"issuer":{"type":"string"},"token_endpoint":{"type":"string"},"introspection_endpoint":{"type":"string"},"revocation_endpoint":{"type":"string"},"response_types_supported":{"type":"array"}}}""");
        Write("LookUp", """{"type":"object","required":["known","active","reason","response"],"properties":{"known":{"type":"boolean"},"active":{"type":"boolean"},"reason":{"type":"string"},"response":{"$ref":"#/components/schemas/IntrospectionAnswer"},"record":{"type":"object"},"revocation":{"type":"object"},"use":{"type":"object"}}}""");
        Write(
            "FeedAnswer",
            """
            {"type":"object","required":["nonce","head","events"],"additionalProperties":false,"properties":{"nonce":{"type":"string"},"head":{"type":"string"},"lease_seconds":{"type":"integer"},"offset_ms":{"type":"integer"},"age_ms":{"type":"integer"},
            "floor":{"type":"integer"},"more":{"type":"boolean"},"events":{"type":"array","items":{"type":"object","required":["seq","tag"],"additionalProperties":false,"properties":{"seq":{"type":"integer"},"tag":{"type":"string"}}}}}}
            """);
        Write("Health", """{"type":"object","required":["status"],"additionalProperties":false,"properties":{"status":{"type":"string","enum":["live","ready"]},"writes":{"type":"string","enum":["failing"]},"durability":{"type":"string"}}}""");
        Write("OAuthError", """{"type":"object","required":["error","error_description"],"additionalProperties":false,"properties":{"error":{"type":"string"},"error_description":{"type":"string"}}}""");
        Write("AnyObject", """{"type":"object"}""");
        Write("Text", """{"type":"string"}""");
        Add(typeof(Problem), isRequest: false);
    }

    internal JsonObject All => new(_all.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())));

    /// <summary>A reference to a shape, which is added when it is a type.</summary>
    internal JsonObject Reference(object shape, bool isRequest)
    {
        if (shape is Type type) Add(type, isRequest);
        return new JsonObject { ["$ref"] = $"#/components/schemas/{(shape as Type)?.Name ?? (string)shape}" };
    }

    /// <summary>Says what a member is, where nobody said it before.</summary>
    internal void Describe(object shape, string member, string text)
    {
        if (_all[(shape as Type)?.Name ?? (string)shape]?["properties"]?[member] is JsonObject property && !property.ContainsKey("description")) property["description"] = text;
    }

    private void Write(string name, string json) => _all[name] = JsonNode.Parse(json);

    private void Add(Type type, bool isRequest)
    {
        if (_all.ContainsKey(type.Name)) return;
        _all[type.Name] = null; // It may name itself.
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var property in AdminJson.Default.GetTypeInfo(type)!.Properties.Where(property => !isRequest || property.Set is not null || property.AssociatedParameter is not null))
        {
            var isNullToo = property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), true).OfType<JsonIgnoreAttribute>().Any(ignore => ignore.Condition is JsonIgnoreCondition.Never) == true;
            var schema = Of(property.PropertyType, isRequest);
            if (isNullToo) schema["type"] = new JsonArray(schema["type"]!.DeepClone(), "null");
            properties[property.Name] = schema;
            var isNullable = property.IsGetNullable || Nullable.GetUnderlyingType(property.PropertyType) is not null;
            if (isRequest ? property.IsRequired : isNullToo || !isNullable) required.Add(property.Name);
        }
        var made = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (required.Count > 0) made["required"] = required;
        _all[type.Name] = made;
    }

    private JsonObject Of(Type given, bool isRequest)
    {
        var type = Nullable.GetUnderlyingType(given) ?? given;
        if (type == typeof(string)) return new JsonObject { ["type"] = "string" };
        if (type == typeof(bool)) return new JsonObject { ["type"] = "boolean" };
        if (type == typeof(int) || type == typeof(long)) return new JsonObject { ["type"] = "integer", ["format"] = type == typeof(int) ? "int32" : "int64" };
        if (type == typeof(double)) return new JsonObject { ["type"] = "number" };
        if (type == typeof(Guid)) return new JsonObject { ["type"] = "string", ["format"] = "uuid" };
        if (type == typeof(JsonElement)) return [];
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)) return new JsonObject { ["type"] = "object", ["additionalProperties"] = Of(type.GenericTypeArguments[1], isRequest) };
        if (type.IsGenericType) return new JsonObject { ["type"] = "array", ["items"] = Of(type.GenericTypeArguments[0], isRequest) };
        return Reference(type, isRequest);
    }
}
