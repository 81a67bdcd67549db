using System.Text.Json;
using Sluice.Authoring.Dags;
using Sluice.Core.Templates;

namespace Sluice.Authoring.Templates;

/// <summary>Functions and filters that a Dag's author adds to its templates.</summary>
internal sealed class TemplateFunctions
{
    private readonly Dictionary<string, TemplateValue> _functions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TemplateFilter> _filters = new(StringComparer.Ordinal);

    public TemplateLibrary Library => _functions.Count + _filters.Count == 0 ? TemplateLibrary.Empty : new() { Globals = _functions, Filters = _filters };

    public void AddMacro(string name, int count, Func<TemplateArguments, object?> function)
    {
        CheckName(name, "macro", _functions.ContainsKey(name));
        if (TemplateVariables.Names.Contains(name))
        {
            throw new DagDefinitionException($"A macro cannot be called '{name}': every template has that name already.", null);
        }

        _functions.Add(name, new FunctionValue(name, arguments =>
        {
            CheckCount(name, arguments, count);
            return Call(name, () => function(arguments));
        }));
    }

    public void AddFilter(string name, int count, Func<TemplateValue, TemplateArguments, object?> function)
    {
        CheckName(name, "filter", _filters.ContainsKey(name));
        _filters.Add(name, (value, arguments) =>
        {
            CheckCount(name, arguments, count);
            return Call(name, () => function(value, arguments));
        });
    }

    /// <summary>An argument as the author's code wants it.</summary>
    /// <exception cref="TemplateException">It does not fit.</exception>
    public static T Argument<T>(TemplateValue value, string what)
    {
        try
        {
            return value switch
            {
                T same => same,
                DateTimeValue time when typeof(T) == typeof(DateTimeOffset) || typeof(T) == typeof(DateTimeOffset?) => (T)(object)time.ToDateTimeOffset(),
                DurationValue length when typeof(T) == typeof(TimeSpan) || typeof(T) == typeof(TimeSpan?) => (T)(object)length.Value,
                _ => JsonSerializer.Deserialize<T>(value.ToJson())!,
            };
        }
        catch (JsonException)
        {
            throw new TemplateException($"'{what}' wants a value of the kind {typeof(T).Name}; {value.ToText()} is none.");
        }
    }

    private static TemplateValue Call(string name, Func<object?> function)
    {
        try
        {
            return function() switch
            {
                TemplateValue same => same,
                null => TemplateValue.None,
                string text => TemplateValue.From(text),
                bool flag => TemplateValue.From(flag),
                int number => TemplateValue.From((long)number),
                long number => TemplateValue.From(number),
                double number => TemplateValue.From(number),
                DateTimeOffset time => TemplateValue.From(time),
                TimeSpan length => TemplateValue.From(length),
                var other => TemplateValue.From(JsonSerializer.SerializeToElement(other)),
            };
        }
        catch (Exception e) when (e is not (TemplateException or TemplateLookupPendingException))
        {
            throw new TemplateException($"'{name}' threw {e.GetType().Name}: {e.Message}");
        }
    }

    private static void CheckName(string name, string what, bool taken)
    {
        if (name.Length == 0 || name.StartsWith("__", StringComparison.Ordinal) || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            throw new DagDefinitionException($"'{name}' cannot be the name of a {what}; use letters, digits and '_'.", null);
        }

        if (taken)
        {
            throw new DagDefinitionException($"The {what} '{name}' is defined twice; give one of them another name.", null);
        }
    }

    private static void CheckCount(string name, TemplateArguments arguments, int count)
    {
        if (arguments.Named.Count > 0)
        {
            throw new TemplateException($"'{name}' takes its arguments by place, not by name.");
        }

        if (arguments.Positional.Count != count)
        {
            throw new TemplateException($"'{name}' takes {count} argument{(count == 1 ? "" : "s")}, {arguments.Positional.Count} {(arguments.Positional.Count == 1 ? "is" : "are")} given.");
        }
    }
}
