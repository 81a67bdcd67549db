using System.Numerics;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates.Python;

/// <summary>Iterating, indexing and slicing.</summary>
internal static class PythonSequences
{
    /// <summary>The items: characters of a string, keys of a dict.</summary>
    public static IReadOnlyList<TemplateValue> Iterate(TemplateValue value) => PythonEquality.Require(value) switch
    {
        ListValue x => x.Items,
        StringValue x => [.. PythonStrings.Characters(x.Value).Select(TemplateValue.From)],
        DictionaryValue x => x.IsOpen ? [.. x.Keys] : x.Keys,
        UndefinedValue => [],
        _ => throw new TemplateException($"A {value.TypeName} has no items to go through."),
    };

    /// <summary>The items, paid for.</summary>
    public static IReadOnlyList<TemplateValue> Iterate(TemplateValue value, RenderBudget budget)
    {
        if (value is StringValue text)
        {
            budget.Items(text.Value.Length);
        }

        var items = Iterate(value);
        if (value is not StringValue)
        {
            budget.Items(items.Count);
        }

        return items;
    }

    public static int Length(TemplateValue value) => PythonEquality.Require(value) switch
    {
        StringValue x => PythonStrings.Length(x.Value),
        ListValue x => x.Items.Count,
        DictionaryValue x => x.Count,
        UndefinedValue => 0,
        _ => throw new TemplateException($"A {value.TypeName} has no length."),
    };

    /// <summary>Null when there is no such item.</summary>
    public static TemplateValue? Item(TemplateValue target, TemplateValue index)
    {
        if (target is DictionaryValue dictionary)
        {
            return index is ListValue { IsTuple: false } or DictionaryValue ? null : dictionary.Get(index);
        }

        if (!PythonNumbers.TryInteger(index, out var number))
        {
            return null;
        }

        return target switch
        {
            ListValue x => At(x.Items.Count) is { } i ? x.Items[i] : null,
            StringValue x => At(PythonStrings.Length(x.Value)) is { } i ? TemplateValue.From(PythonStrings.Characters(x.Value)[i]) : null,
            _ => null,
        };

        int? At(int length)
        {
            var i = number.Sign < 0 ? number + length : number;
            return i.Sign >= 0 && i < length ? (int)i : null;
        }
    }

    public static TemplateValue Slice(TemplateValue target, TemplateValue? start, TemplateValue? stop, TemplateValue? step, RenderBudget budget)
    {
        PythonEquality.Require(target);
        if (target is not (StringValue or ListValue { Kind: SequenceKind.List or SequenceKind.Tuple or SequenceKind.Range }))
        {
            throw new TemplateException($"A {target.TypeName} cannot be sliced.");
        }

        var by = Bound(step) ?? 1;
        if (by == 0)
        {
            throw new TemplateException("The step of a slice cannot be zero.");
        }

        if (target is StringValue text)
        {
            budget.Step(text.Value.Length >> 6);
            var characters = PythonStrings.Characters(text.Value);
            return TemplateValue.From(string.Concat(Indices(characters.Count, Bound(start), Bound(stop), by).Select(i => characters[i])));
        }

        var list = (ListValue)target;
        budget.Items(list.Items.Count);
        return new ListValue(
            [.. Indices(list.Items.Count, Bound(start), Bound(stop), by).Select(i => list.Items[i])],
            list.Kind == SequenceKind.Tuple ? SequenceKind.Tuple : SequenceKind.List);
    }

    private static int? Bound(TemplateValue? value)
    {
        if (value is null or NoneValue)
        {
            return null;
        }

        return PythonNumbers.TryInteger(PythonEquality.Require(value), out var number)
            ? (int)BigInteger.Clamp(number, -1_000_000_000, 1_000_000_000)
            : throw new TemplateException($"The bounds of a slice are whole numbers, not {value.TypeName}.");
    }

    private static IEnumerable<int> Indices(int length, int? start, int? stop, int step)
    {
        var low = step > 0 ? 0 : -1;
        var high = step > 0 ? length : length - 1;
        var from = start is { } s ? Math.Clamp(s < 0 ? s + length : s, low, high) : step > 0 ? low : high;
        var to = stop is { } e ? Math.Clamp(e < 0 ? e + length : e, low, high) : step > 0 ? high : low;
        for (long i = from; step > 0 ? i < to : i > to; i += step)
        {
            yield return (int)i;
        }
    }
}
