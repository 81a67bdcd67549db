using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sluice.Core.Params;

/// <summary>JSON Schema (draft 2020-12) as far as params need it. What it does not know it refuses: no rule is passed over in silence.</summary>
/// <remarks>Without references, conditions and dependencies between properties. Pure.</remarks>
internal static class JsonSchema
{
    private static readonly TimeSpan PatternTakesAtMost = TimeSpan.FromMilliseconds(100);

    private static readonly string[] Types = ["null", "boolean", "object", "array", "number", "string", "integer"];

    // They say nothing about a value's validity.
    private static readonly HashSet<string> Annotations = new(StringComparer.Ordinal)
    {
        "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$schema",
    };

    private static readonly Dictionary<string, Func<string, bool>> Formats = new(StringComparer.Ordinal)
    {
        ["date"] = text => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        ["time"] = text => TimeOnly.TryParse(text.TrimEnd('Z'), CultureInfo.InvariantCulture, out _),
        ["date-time"] = text => text.Length > 10 && text[10] is 'T' or 't' && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        ["uuid"] = text => Guid.TryParseExact(text, "D", out _),
        ["uri"] = text => Uri.TryCreate(text, UriKind.Absolute, out _),
        ["email"] = text => text.IndexOf('@') is > 0 and var at && at == text.LastIndexOf('@') && at < text.Length - 1,
    };

    /// <summary>What is wrong with a schema, in words that stand after "the schema".</summary>
    public static IEnumerable<string> Problems(JsonElement schema)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return [];
        }

        return schema.ValueKind != JsonValueKind.Object
            ? [$"is {schema.GetRawText()}; a schema is an object such as {{\"type\": \"integer\"}}"]
            : schema.EnumerateObject().SelectMany(rule => ProblemsOf(rule.Name, rule.Value));
    }

    /// <summary>Why a value breaks a schema, in words that stand after its name; null when it does not.</summary>
    public static string? Check(JsonElement value, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return schema.ValueKind == JsonValueKind.False ? " may have no value" : null;
        }

        // The type first: that a word is less than 1 helps nobody.
        foreach (var rule in schema.EnumerateObject().OrderBy(rule => rule.Name != "type"))
        {
            if (Broken(value, rule.Name, rule.Value, schema) is { } broken)
            {
                return broken;
            }
        }

        return null;
    }

    private static IEnumerable<string> ProblemsOf(string name, JsonElement rule)
    {
        switch (name)
        {
            case var _ when Annotations.Contains(name) || name.StartsWith("x-", StringComparison.Ordinal):
            case "const":
                return [];
            case "type":
                var named = rule.ValueKind == JsonValueKind.Array ? rule.EnumerateArray() : Enumerable.Repeat(rule, 1);
                return named.Where(type => type.ValueKind != JsonValueKind.String || !Types.Contains(type.GetString()))
                    .Select(type => $"has the type {type.GetRawText()}; the types are {string.Join(", ", Types)}");
            case "enum":
                return rule.ValueKind == JsonValueKind.Array && rule.GetArrayLength() > 0 ? [] : ["has an \"enum\" that is no list of values"];
            case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum":
                return rule.ValueKind == JsonValueKind.Number ? [] : [$"has a \"{name}\" that is no number"];
            case "multipleOf":
                return rule.ValueKind == JsonValueKind.Number && rule.TryGetDecimal(out var step) && step > 0 ? [] : ["has a \"multipleOf\" that is no positive number"];
            case "minLength" or "maxLength" or "minItems" or "maxItems" or "minProperties" or "maxProperties":
                return rule.ValueKind == JsonValueKind.Number && rule.TryGetInt32(out var count) && count >= 0 ? [] : [$"has a \"{name}\" that is no whole number from 0 on"];
            case "pattern":
                return IsPattern(rule) ? [] : ["has a \"pattern\" that is no regular expression"];
            case "format":
                return rule.ValueKind == JsonValueKind.String && Formats.ContainsKey(rule.GetString()!)
                    ? []
                    : [$"has the format {rule.GetRawText()}; the formats are {string.Join(", ", Formats.Keys)}"];
            case "uniqueItems":
                return rule.ValueKind is JsonValueKind.True or JsonValueKind.False ? [] : ["has a \"uniqueItems\" that is neither true nor false"];
            case "required":
                return rule.ValueKind == JsonValueKind.Array && rule.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) ? [] : ["has a \"required\" that is no list of names"];
            case "items" or "additionalProperties" or "not":
                return Problems(rule);
            case "properties":
                return rule.ValueKind == JsonValueKind.Object ? rule.EnumerateObject().SelectMany(property => Problems(property.Value)) : ["has \"properties\" that are no object"];
            case "anyOf" or "oneOf" or "allOf":
                return rule.ValueKind == JsonValueKind.Array && rule.GetArrayLength() > 0 ? rule.EnumerateArray().SelectMany(Problems) : [$"has an \"{name}\" that is no list of schemas"];
            default:
                return [$"has the rule \"{name}\", which is not known here; leave it out"];
        }
    }

    private static string? Broken(JsonElement value, string name, JsonElement rule, JsonElement schema) => (name, value.ValueKind) switch
    {
        ("type", _) => TypesOf(rule).Any(type => Is(value, type)) ? null : $" is {Text(value)}; it must be {string.Join(" or ", TypesOf(rule))}",
        ("enum", _) => rule.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)) ? null : $" is {Text(value)}; it must be one of {string.Join(", ", rule.EnumerateArray().Select(Text))}",
        ("const", _) => JsonElement.DeepEquals(rule, value) ? null : $" is {Text(value)}; it must be {Text(rule)}",
        ("minimum", JsonValueKind.Number) => Compare(value, rule) >= 0 ? null : $" is {Text(value)}; it must be at least {Text(rule)}",
        ("maximum", JsonValueKind.Number) => Compare(value, rule) <= 0 ? null : $" is {Text(value)}; it must be at most {Text(rule)}",
        ("exclusiveMinimum", JsonValueKind.Number) => Compare(value, rule) > 0 ? null : $" is {Text(value)}; it must be more than {Text(rule)}",
        ("exclusiveMaximum", JsonValueKind.Number) => Compare(value, rule) < 0 ? null : $" is {Text(value)}; it must be less than {Text(rule)}",
        ("multipleOf", JsonValueKind.Number) => value.TryGetDecimal(out var number) && number % rule.GetDecimal() == 0 ? null : $" is {Text(value)}; it must be a multiple of {Text(rule)}",
        ("minLength", JsonValueKind.String) => Length(value) >= rule.GetInt32() ? null : $" is {Text(value)}; it must have at least {Text(rule)} characters",
        ("maxLength", JsonValueKind.String) => Length(value) <= rule.GetInt32() ? null : $" is {Text(value)}; it must have at most {Text(rule)} characters",
        ("pattern", JsonValueKind.String) => Matches(value.GetString()!, rule.GetString()!) ? null : $" is {Text(value)}; it must match the pattern {rule.GetString()}",
        ("format", JsonValueKind.String) => Formats[rule.GetString()!](value.GetString()!) ? null : $" is {Text(value)}; it must be a {rule.GetString()}",
        ("minItems", JsonValueKind.Array) => value.GetArrayLength() >= rule.GetInt32() ? null : $" has {value.GetArrayLength()} items; it must have at least {Text(rule)}",
        ("maxItems", JsonValueKind.Array) => value.GetArrayLength() <= rule.GetInt32() ? null : $" has {value.GetArrayLength()} items; it must have at most {Text(rule)}",
        ("uniqueItems", JsonValueKind.Array) when rule.GetBoolean() => AreUnique(value) ? null : " has an item twice; its items must differ",
        ("items", JsonValueKind.Array) => value.EnumerateArray().Select((item, i) => Inner($"[{i}]", Check(item, rule))).FirstOrDefault(broken => broken is not null),
        ("minProperties", JsonValueKind.Object) => value.EnumerateObject().Count() >= rule.GetInt32() ? null : $" must have at least {Text(rule)} properties",
        ("maxProperties", JsonValueKind.Object) => value.EnumerateObject().Count() <= rule.GetInt32() ? null : $" must have at most {Text(rule)} properties",
        ("required", JsonValueKind.Object) => rule.EnumerateArray().FirstOrDefault(key => !value.TryGetProperty(key.GetString()!, out _)) is { ValueKind: JsonValueKind.String } missing ? $" lacks \"{missing.GetString()}\"" : null,
        ("properties", JsonValueKind.Object) => rule.EnumerateObject()
            .Select(property => value.TryGetProperty(property.Name, out var inner) ? Inner("." + property.Name, Check(inner, property.Value)) : null)
            .FirstOrDefault(broken => broken is not null),
        ("additionalProperties", JsonValueKind.Object) => value.EnumerateObject()
            .Where(property => !schema.TryGetProperty("properties", out var known) || !known.TryGetProperty(property.Name, out _))
            .Select(property => Inner("." + property.Name, Check(property.Value, rule)))
            .FirstOrDefault(broken => broken is not null),
        ("allOf", _) => rule.EnumerateArray().Select(one => Check(value, one)).FirstOrDefault(broken => broken is not null),
        ("anyOf", _) => rule.EnumerateArray().Any(one => Check(value, one) is null) ? null : Check(value, rule[0]) + ", or fit another of the schemas under \"anyOf\"",
        ("oneOf", _) => rule.EnumerateArray().Count(one => Check(value, one) is null) is var fits and not 1 ? $" is {Text(value)}, which fits {fits} of the schemas under \"oneOf\"; it must fit one" : null,
        ("not", _) => Check(value, rule) is null ? $" is {Text(value)}, which the schema under \"not\" rules out" : null,
        _ => null,
    };

    private static string? Inner(string path, string? broken) => broken is null ? null : path + broken;

    private static IEnumerable<string> TypesOf(JsonElement rule) => rule.ValueKind == JsonValueKind.Array ? rule.EnumerateArray().Select(type => type.GetString()!) : [rule.GetString()!];

    private static bool Is(JsonElement value, string type) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "integer" => value.ValueKind == JsonValueKind.Number && (value.TryGetDecimal(out var number) ? number % 1 == 0 : double.IsInteger(value.GetDouble())),
        _ => value.ValueKind == JsonValueKind.Number,
    };

    private static int Compare(JsonElement left, JsonElement right) =>
        left.TryGetDecimal(out var a) && right.TryGetDecimal(out var b) ? a.CompareTo(b) : left.GetDouble().CompareTo(right.GetDouble());

    private static int Length(JsonElement text) => text.GetString()!.EnumerateRunes().Count();

    private static bool AreUnique(JsonElement list)
    {
        var items = list.EnumerateArray().ToList();
        return !items.Where((item, i) => items.Take(i).Any(other => JsonElement.DeepEquals(item, other))).Any();
    }

    private static bool IsPattern(JsonElement rule)
    {
        try
        {
            return rule.ValueKind == JsonValueKind.String && Regex.Match("", rule.GetString()!, RegexOptions.ECMAScript, PatternTakesAtMost) is not null;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    // A pattern that takes too long is not matched: it would hold up the scheduler.
    private static bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.ECMAScript, PatternTakesAtMost);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static string Text(JsonElement value) => value.GetRawText() is { Length: > 60 } text ? text[..59] + "…" : value.GetRawText();
}
