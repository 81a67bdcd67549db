using Sluice.Core.Templates.Python;
using Sluice.Core.Templates.Rendering;
using static Sluice.Core.Templates.Library.Arguments;

namespace Sluice.Core.Templates.Library;

/// <summary>Filters over lists, dicts and the characters of strings. Where Jinja gives a generator, here it is a list.</summary>
internal static class SequenceFilters
{
    public static IEnumerable<KeyValuePair<string, Filter>> All =>
    [
        new("length", Length),
        new("count", Length),
        new("list", (v, a) => ListValue.Open(Items(v, a, 0))),
        new("first", (v, a) => Items(v, a, 0) is [var x, ..] ? x : new UndefinedValue("There is no first item: the sequence is empty.")),
        new("last", (v, a) => Items(v, a, 0) is [.., var x] ? x : new UndefinedValue("There is no last item: the sequence is empty.")),
        new("join", (v, a) =>
        {
            var x = a.Bind(0, "d", "attribute");
            var items = PythonSequences.Iterate(v, a.Budget).Select(i => x[1] is null or NoneValue ? i : Attributes.Path(i, x[1]!, a.Budget));
            return Join(x[0] is null ? "" : PythonText.Str(x[0]!, a.Budget), items, a.Budget);
        }),
        new("sort", Sort),
        new("dictsort", SortDictionary),
        new("unique", Unique),
        new("min", (v, a) => Extreme(v, a, 1)),
        new("max", (v, a) => Extreme(v, a, -1)),
        new("sum", Sum),
        new("reverse", Reverse),
        new("items", (v, a) => v is DictionaryValue x && a.Bind(0) is not null
            ? new ListValue([.. Items(v, a, 0).Select(k => new ListValue([k, x.Get(k)!], isTuple: true))])
            : throw new TemplateException($"'items' needs a dict, not {v.TypeName}.")),
        new("batch", Batch),
        new("groupby", GroupBy),
        new("slice", Slice),
    ];

    private static TemplateValue Length(TemplateValue value, TemplateArguments arguments)
    {
        arguments.Bind(0);
        return TemplateValue.From((long)PythonSequences.Length(value));
    }

    private static IReadOnlyList<TemplateValue> Items(TemplateValue value, TemplateArguments arguments, int required)
    {
        arguments.Bind(required);
        return PythonSequences.Iterate(value, arguments.Budget);
    }

    private static TemplateValue Key(TemplateValue item, TemplateValue? attribute, bool caseSensitive, RenderBudget budget)
    {
        var key = attribute is null or NoneValue ? item : Attributes.Path(item, attribute, budget);
        return !caseSensitive && key is StringValue text ? TemplateValue.From(text.Value.ToLowerInvariant()) : key;
    }

    private static List<TemplateValue> Ordered(IEnumerable<(TemplateValue Item, TemplateValue Key)> items, bool descending, RenderBudget budget)
    {
        var comparer = Comparer<TemplateValue>.Create((a, b) => PythonEquality.Compare(a, b, "<", budget));
        try
        {
            var keyed = items.ToList();
            return [.. (descending ? keyed.OrderByDescending(x => x.Key, comparer) : keyed.OrderBy(x => x.Key, comparer)).Select(x => x.Item)];
        }
        catch (InvalidOperationException e) when (e.InnerException is TemplateException inner)
        {
            throw inner;
        }
    }

    /// <summary>Python's <c>list.sort()</c>: by the items themselves, upper case before lower.</summary>
    public static List<TemplateValue> Sorted(IEnumerable<TemplateValue> items, bool descending, RenderBudget budget) =>
        Ordered(items.Select(item => (item, item)), descending, budget);

    private static ListValue Sort(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(0, "reverse", "case_sensitive", "attribute");
        var budget = arguments.Budget;
        var parts = x[2] is StringValue names ? [.. names.Value.Split(',').Select(TemplateValue.From)] : new List<TemplateValue?> { x[2] };
        var items = PythonSequences.Iterate(value, budget)
            .Select(item => (item, (TemplateValue)new ListValue([.. parts.Select(p => Key(item, p, Flag(x[1]), budget))])));
        return ListValue.Open(Ordered(items, Flag(x[0]), budget));
    }

    private static ListValue SortDictionary(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(0, "case_sensitive", "by", "reverse");
        var by = TextOrNull(x[1], "by") ?? "key";
        if (value is not DictionaryValue dictionary || by is not ("key" or "value"))
        {
            throw new TemplateException(value is DictionaryValue ? "'dictsort' sorts by \"key\" or \"value\"." : $"'dictsort' needs a dict, not {value.TypeName}.");
        }

        arguments.Budget.Items(dictionary.Count);
        var items = dictionary.Items.Select(i => (
            (TemplateValue)new ListValue([i.Key, i.Value], isTuple: true), Key(by == "key" ? i.Key : i.Value, null, Flag(x[0]), arguments.Budget)));
        return new ListValue(Ordered(items, Flag(x[2]), arguments.Budget));
    }

    private static ListValue Unique(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(0, "case_sensitive", "attribute");
        var seen = new HashSet<TemplateValue>(PythonEquality.Keys);
        return new ListValue([.. PythonSequences.Iterate(value, arguments.Budget).Where(i => seen.Add(Key(i, x[1], Flag(x[0]), arguments.Budget)))]);
    }

    private static TemplateValue Extreme(TemplateValue value, TemplateArguments arguments, int sign)
    {
        var x = arguments.Bind(0, "case_sensitive", "attribute");
        TemplateValue? best = null;
        TemplateValue? bestKey = null;
        foreach (var item in PythonSequences.Iterate(value, arguments.Budget))
        {
            var key = Key(item, x[1], Flag(x[0]), arguments.Budget);
            if (bestKey is null || sign * PythonEquality.Compare(key, bestKey, sign > 0 ? "<" : ">", arguments.Budget) < 0)
            {
                (best, bestKey) = (item, key);
            }
        }

        return best ?? new UndefinedValue("The sequence is empty, so it has neither smallest nor largest item.");
    }

    private static TemplateValue Sum(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(0, "attribute", "start");
        return PythonSequences.Iterate(value, arguments.Budget).Aggregate(
            x[1] ?? TemplateValue.From(0L),
            (sum, i) => PythonOperators.Binary("+", sum, x[0] is null or NoneValue ? i : Attributes.Path(i, x[0]!, arguments.Budget), arguments.Budget));
    }

    private static TemplateValue Reverse(TemplateValue value, TemplateArguments arguments)
    {
        var items = Items(value, arguments, 0);
        return value is StringValue
            ? TemplateValue.From(string.Concat(items.Reverse().Select(x => ((StringValue)x).Value)))
            : new ListValue([.. items.Reverse()]);
    }

    private static ListValue GroupBy(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(1, "attribute", "default", "case_sensitive");
        var budget = arguments.Budget;
        var sensitive = Flag(x[2]);
        var keyed = PythonSequences.Iterate(value, budget).Select(item =>
        {
            var key = Attributes.Path(item, x[0]!, budget);
            return (Item: item, Key: key is UndefinedValue && x[1] is { } otherwise ? otherwise : key);
        }).ToList();
        var groups = new List<ListValue>();
        TemplateValue? current = null;
        foreach (var (item, key) in Sorted())
        {
            if (current is null || !PythonEquality.AreEqual(Folded(key), Folded(current), budget))
            {
                groups.Add(new([key, ListValue.Open([])], isTuple: true) { Fields = ["grouper", "list"] });
                current = key;
            }

            ((ListValue)groups[^1].Items[1]).Changeable!.Add(item);
        }

        return ListValue.Open(groups);

        TemplateValue Folded(TemplateValue key) => !sensitive && key is StringValue text ? TemplateValue.From(text.Value.ToLowerInvariant()) : key;

        // Pairs travel through the sort as tuples.
        IEnumerable<(TemplateValue Item, TemplateValue Key)> Sorted() =>
            Ordered(keyed.Select(pair => ((TemplateValue)new ListValue([pair.Item, pair.Key]), Folded(pair.Key))), descending: false, budget)
                .Select(pair => (((ListValue)pair).Items[0], ((ListValue)pair).Items[1]));
    }

    private static ListValue Batch(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(1, "linecount", "fill_with");
        var size = Int(x[0]!, "linecount");
        if (size < 1)
        {
            throw new TemplateException("'batch' needs a size of at least 1.");
        }

        var rows = PythonSequences.Iterate(value, arguments.Budget).Chunk(size).Select(row => row.ToList()).ToList();
        if (x[1] is not (null or NoneValue) && rows is [.., var last])
        {
            arguments.Budget.Items(size);
            last.AddRange(Enumerable.Repeat(x[1]!, size - last.Count));
        }

        return new ListValue([.. rows.Select(row => new ListValue(row))]);
    }

    private static ListValue Slice(TemplateValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(1, "slices", "fill_with");
        var slices = Int(x[0]!, "slices");
        if (slices < 1)
        {
            throw new TemplateException("'slice' needs at least 1 slice.");
        }

        arguments.Budget.Items(slices);
        var items = PythonSequences.Iterate(value, arguments.Budget);
        var (size, extra) = Math.DivRem(items.Count, slices);
        var result = new List<TemplateValue>();
        var from = 0;
        for (var i = 0; i < slices; i++)
        {
            var row = items.Skip(from).Take(size + (i < extra ? 1 : 0)).ToList();
            from += row.Count;
            if (x[1] is not (null or NoneValue) && i >= extra)
            {
                row.Add(x[1]!);
            }

            result.Add(new ListValue(row));
        }

        return new ListValue(result);
    }
}
