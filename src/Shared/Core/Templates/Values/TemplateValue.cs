using System.Numerics;
using System.Text.Json;
using Sluice.Core.Templates.Python;

namespace Sluice.Core.Templates;

/// <summary>A value inside a template, with Python's meaning. A closed, immutable family: nothing of .NET is reachable through it.</summary>
public abstract class TemplateValue
{
    private protected TemplateValue()
    {
    }

    public static TemplateValue None { get; } = new NoneValue();

    public static TemplateValue True { get; } = new BooleanValue(true);

    public static TemplateValue False { get; } = new BooleanValue(false);

    /// <summary>Python's name of the type, for error messages.</summary>
    internal abstract string TypeName { get; }

    public static TemplateValue From(bool value) => value ? True : False;

    public static TemplateValue From(long value) => new IntegerValue(value);

    public static TemplateValue From(BigInteger value) => new IntegerValue(value);

    public static TemplateValue From(double value) => new FloatValue(value);

    /// <summary>Null becomes None.</summary>
    public static TemplateValue From(string? value) => value is null ? None : new StringValue(value);

    /// <summary>Null becomes None. An offset of zero is the zone UTC, any other a fixed offset.</summary>
    public static TemplateValue From(DateTimeOffset? value) => value is null ? None : new DateTimeValue(value.Value);

    public static TemplateValue From(TimeSpan value) => new DurationValue(value);

    public static TemplateValue From(IEnumerable<TemplateValue> items) => new ListValue([.. items]);

    public static TemplateValue From(IEnumerable<KeyValuePair<string, TemplateValue>> items) =>
        new DictionaryValue(items.Select(x => new KeyValuePair<TemplateValue, TemplateValue>(From(x.Key), x.Value)));

    /// <summary>Reads JSON text.</summary>
    /// <exception cref="JsonException">It is not JSON, or nested deeper than 64 levels.</exception>
    public static TemplateValue FromJson(string json)
    {
        using var document = JsonDocument.Parse(json);
        return From(document.RootElement);
    }

    /// <summary>JSON of the value, for the code that takes it.</summary>
    /// <exception cref="TemplateException">It has no JSON form.</exception>
    public string ToJson() => new PythonJson(new(TemplateLimits.Default), sortKeys: false, null).Write(this);

    /// <summary>How it prints.</summary>
    public string ToText() => PythonText.Str(this, new(TemplateLimits.Default));

    public static TemplateValue From(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.True => True,
        JsonValueKind.False => False,
        JsonValueKind.String => From(json.GetString()),
        JsonValueKind.Number => FromNumber(json),
        JsonValueKind.Array => new ListValue([.. json.EnumerateArray().Select(From)]),
        JsonValueKind.Object => From(json.EnumerateObject().Select(x => new KeyValuePair<string, TemplateValue>(x.Name, From(x.Value)))),
        _ => None,
    };

    private static TemplateValue FromNumber(JsonElement json)
    {
        if (json.TryGetInt64(out var small))
        {
            return From(small);
        }

        var text = json.GetRawText();
        return text.Length <= PythonNumbers.MaxDigits && text.AsSpan().IndexOfAny('.', 'e', 'E') < 0 && BigInteger.TryParse(text, out var large)
            ? From(large)
            : From(json.GetDouble());
    }
}

public sealed class NoneValue : TemplateValue
{
    internal NoneValue()
    {
    }

    internal override string TypeName => "None";
}

public sealed class BooleanValue : TemplateValue
{
    internal BooleanValue(bool value) => Value = value;

    public bool Value { get; }

    internal override string TypeName => "bool";
}

public sealed class IntegerValue(BigInteger value) : TemplateValue
{
    public BigInteger Value { get; } = value;

    internal override string TypeName => "int";
}

public sealed class FloatValue(double value) : TemplateValue
{
    public double Value { get; } = value;

    internal override string TypeName => "float";
}

public sealed class StringValue(string value) : TemplateValue
{
    public string Value { get; } = value;

    internal override string TypeName => "str";
}

/// <summary>Python's timedelta.</summary>
public sealed class DurationValue(TimeSpan value) : TemplateValue
{
    public TimeSpan Value { get; } = value;

    internal override string TypeName => "timedelta";
}

/// <summary>A name, attribute or item that is not there. Any use of it but <c>is defined</c> and <c>default</c> is an error.</summary>
public sealed class UndefinedValue(string reason) : TemplateValue
{
    /// <summary>One sentence for the error.</summary>
    public string Reason { get; } = reason;

    /// <summary>What an inline if without else leaves: empty and false, as in Jinja.</summary>
    internal bool IsSilent { get; init; }

    internal override string TypeName => "undefined";

    internal TemplateException Error() => new(Reason);
}

/// <summary>Something with attributes, found by name. No reflection: what the look-up does not know is not there.</summary>
/// <param name="display">How it prints.</param>
/// <param name="attribute">Null when there is no such attribute. May throw <see cref="TemplateLookupPendingException"/>.</param>
/// <param name="names">The attributes that there are, for suggestions in errors; empty when they are open.</param>
public sealed class ObjectValue(string display, Func<string, TemplateValue?> attribute, IReadOnlyCollection<string>? names = null) : TemplateValue
{
    /// <summary>An object with a fixed set of attributes.</summary>
    public ObjectValue(string display, IReadOnlyDictionary<string, TemplateValue> attributes)
        : this(display, name => attributes.GetValueOrDefault(name), [.. attributes.Keys])
    {
    }

    public string Display { get; } = display;

    internal IReadOnlyCollection<string> Names { get; } = names ?? [];

    /// <summary>What happens when it is called; null when it cannot be.</summary>
    internal FunctionValue? Call { get; init; }

    internal override string TypeName => "object";

    internal TemplateValue? Attribute(string name) => attribute(name);
}

/// <summary>Something that can be called.</summary>
/// <param name="name">For error messages.</param>
/// <param name="invoke">Throws <see cref="TemplateException"/> without a place for wrong arguments.</param>
public sealed class FunctionValue(string name, Func<TemplateArguments, TemplateValue> invoke) : TemplateValue
{
    public string Name { get; } = name;

    /// <summary>Functions that hang on it, such as <c>datetime.strptime</c>.</summary>
    internal IReadOnlyDictionary<string, TemplateValue>? Attributes { get; init; }

    internal override string TypeName => "function";

    internal TemplateValue Invoke(TemplateArguments arguments) => invoke(arguments);
}

/// <summary>The one thing that can change: <c>namespace()</c>, made and used inside one rendering, to carry a value out of a loop.</summary>
internal sealed class NamespaceValue : TemplateValue
{
    public Dictionary<string, TemplateValue> Values { get; } = new(StringComparer.Ordinal);

    internal override string TypeName => "namespace";
}
