using System.Collections.Frozen;
using System.Numerics;
using Sluice.Core.Templates.Python;
using Sluice.Core.Templates.Rendering;
using static Sluice.Core.Templates.Library.Arguments;

namespace Sluice.Core.Templates.Library;

/// <summary>Functions that every template knows.</summary>
internal static class Globals
{
    public static FrozenDictionary<string, TemplateValue> All { get; } = new Dictionary<string, TemplateValue>
    {
        ["range"] = Function("range", Range),
        ["dict"] = Function("dict", MakeDictionary),
        ["namespace"] = Function("namespace", MakeNamespace),
        ["joiner"] = Function("joiner", MakeJoiner),
        ["cycler"] = Function("cycler", MakeCycler),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static TemplateValue Range(TemplateArguments arguments)
    {
        if (arguments.Positional.Count is < 1 or > 3 || arguments.Named.Count > 0)
        {
            throw new TemplateException("'range' takes one to three whole numbers.");
        }

        var given = arguments.Positional.Select(x => (long)Int(x, "range")).ToList();
        var (start, stop) = given.Count == 1 ? (0, given[0]) : (given[0], given[1]);
        var step = given.Count == 3 ? given[2] : 1;
        if (step == 0)
        {
            throw new TemplateException("The step of 'range' cannot be zero.");
        }

        var count = Math.Max(0, step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step);
        arguments.Budget.Items(count);
        var display = given.Count == 3 && step != 1 ? $"range({start}, {stop}, {step})" : $"range({start}, {stop})";
        return new ListValue([.. Enumerable.Range(0, (int)count).Select(i => TemplateValue.From(start + (i * step)))], SequenceKind.Range, display);
    }

    public static TemplateValue MakeDictionary(TemplateArguments arguments)
    {
        if (arguments.Positional.Count > 1)
        {
            throw new TemplateException("'dict' takes one dict or list of pairs, and named values.");
        }

        IEnumerable<KeyValuePair<TemplateValue, TemplateValue>> items = arguments.Positional is [var only] ? Pairs(only, arguments.Budget) : [];
        return new DictionaryValue(items.Concat(arguments.Named.Select(x => new KeyValuePair<TemplateValue, TemplateValue>(TemplateValue.From(x.Key), x.Value))))
        {
            IsOpen = true,
        };
    }

    private static IEnumerable<KeyValuePair<TemplateValue, TemplateValue>> Pairs(TemplateValue value, RenderBudget budget) => value is DictionaryValue dictionary
        ? dictionary.Items
        : PythonSequences.Iterate(value, budget).Select(x => PythonSequences.Iterate(x) is [var key, var item]
            ? new KeyValuePair<TemplateValue, TemplateValue>(key, item)
            : throw new TemplateException("'dict' needs pairs."));

    // Nothing the first time, the separator from then on.
    private static FunctionValue MakeJoiner(TemplateArguments arguments)
    {
        var separator = arguments.Bind(0, "sep")[0] ?? TemplateValue.From(", ");
        var used = false;
        return Function("joiner", a =>
        {
            a.Bind(0);
            (var first, used) = (!used, true);
            return first ? TemplateValue.From("") : separator;
        });
    }

    private static ObjectValue MakeCycler(TemplateArguments arguments)
    {
        var items = arguments.Positional;
        if (items.Count == 0 || arguments.Named.Count > 0)
        {
            throw new TemplateException("'cycler' needs values to go through.");
        }

        var next = 0;
        return new("<Cycler>", name => name switch
        {
            "current" => items[next % items.Count],
            "next" => DateTimeMethods.Call(name, () => items[next++ % items.Count]),
            "reset" => DateTimeMethods.Call(name, () =>
            {
                next = 0;
                return TemplateValue.None;
            }),
            _ => null,
        }, ["current", "next", "reset"]);
    }

    private static TemplateValue MakeNamespace(TemplateArguments arguments)
    {
        var result = new NamespaceValue();
        foreach (var (key, value) in ((DictionaryValue)MakeDictionary(arguments)).Items)
        {
            result.Values[Text(key, "namespace")] = value;
        }

        return result;
    }
}
