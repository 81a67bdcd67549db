using Sluice.Core.Templates.Parsing;
using Sluice.Core.Templates.Python;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates.Library;

/// <summary>What stands behind a dot or in brackets: as in Jinja, <c>x.a</c> looks for an attribute first, <c>x['a']</c> for an item first.</summary>
internal static class Attributes
{
    private static int IndexOf(this IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
            {
                return i;
            }
        }

        return -1;
    }

    public static TemplateValue Get(TemplateValue target, string name, RenderBudget budget)
    {
        PythonEquality.Require(target);
        RefuseReserved(name);
        return Attribute(target, name) ?? PythonSequences.Item(target, TemplateValue.From(name)) ?? Missing(target, name);
    }

    public static TemplateValue Item(TemplateValue target, TemplateValue index, RenderBudget budget)
    {
        PythonEquality.Require(target);
        PythonEquality.Require(index);
        if (target is StringValue text)
        {
            budget.Step(text.Value.Length >> 6);
        }

        if (PythonSequences.Item(target, index) is { } item)
        {
            return item;
        }

        if (index is not StringValue name)
        {
            return new UndefinedValue($"This {target.TypeName} has no item {PythonText.Repr(index, budget)}.");
        }

        if (target is not DictionaryValue)
        {
            RefuseReserved(name.Value);
        }

        return (name.Value.StartsWith("__", StringComparison.Ordinal) ? null : Attribute(target, name.Value)) ?? Missing(target, name.Value);
    }

    /// <summary>Follows <c>a.b.0</c> as the filters' <c>attribute=</c> does.</summary>
    public static TemplateValue Path(TemplateValue target, TemplateValue path, RenderBudget budget)
    {
        if (path is not StringValue text)
        {
            return Item(target, path, budget);
        }

        return text.Value.Split('.').Aggregate(
            target,
            (value, part) => Item(value, int.TryParse(part, System.Globalization.NumberStyles.None, null, out var index) ? TemplateValue.From((long)index) : TemplateValue.From(part), budget));
    }

    private static TemplateValue? Attribute(TemplateValue target, string name) => target switch
    {
        StringValue x => StringMethods.Get(x.Value, name),
        ListValue { Fields: { } fields } x when fields.IndexOf(name) is >= 0 and var field => x.Items[field],
        ListValue x => CollectionMethods.Get(x, name),
        DictionaryValue x => CollectionMethods.Get(x, name),
        DateTimeValue x => DateTimeMethods.Get(x, name) ?? PendulumMethods.Get(x, name),
        DateValue x => DateMethods.Get(x, name),
        DurationValue x => DateMethods.Get(x.Value, name),
        NamespaceValue x => x.Values.GetValueOrDefault(name),
        ObjectValue x => x.Attribute(name),
        FunctionValue x => x.Attributes?.GetValueOrDefault(name),
        IntegerValue or FloatValue or BooleanValue => NumberMethods.Get(target, name),
        _ => null,
    };

    private static UndefinedValue Missing(TemplateValue target, string name)
    {
        IEnumerable<string> known = target switch
        {
            ObjectValue x => x.Names,
            DictionaryValue x when x.Count <= 1000 => x.Keys.OfType<StringValue>().Select(k => k.Value),
            NamespaceValue x => x.Values.Keys,
            _ => [],
        };
        var owner = target is ObjectValue named ? named.Display : $"This {target.TypeName}";
        return new($"{owner} has no attribute '{name}'{Suggestion.For(name, known)}.");
    }

    private static void RefuseReserved(string name)
    {
        if (name.StartsWith("__", StringComparison.Ordinal))
        {
            throw new TemplateException($"The name '{name}' is not allowed: it begins with two underscores.");
        }
    }
}
