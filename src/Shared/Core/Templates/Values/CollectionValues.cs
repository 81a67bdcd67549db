using Sluice.Core.Templates.Python;

namespace Sluice.Core.Templates;

/// <summary>What a sequence is in Python: it decides how it prints and what it equals.</summary>
internal enum SequenceKind
{
    List,
    Tuple,
    Range,
    Keys,
    Values,
    Items,
}

/// <summary>A list or a tuple.</summary>
public sealed class ListValue : TemplateValue
{
    public ListValue(IReadOnlyList<TemplateValue> items, bool isTuple = false)
        : this(items, isTuple ? SequenceKind.Tuple : SequenceKind.List)
    {
    }

    internal ListValue(IReadOnlyList<TemplateValue> items, SequenceKind kind, string? display = null) =>
        (Items, Kind, Display) = (items, kind, display);

    public IReadOnlyList<TemplateValue> Items { get; }

    /// <summary>A list that the template made itself, which it may change: no other rendering sees it.</summary>
    internal static ListValue Open(IEnumerable<TemplateValue> items)
    {
        var own = items.ToList();
        return new(own, SequenceKind.List) { Changeable = own };
    }

    /// <summary>The items, to be changed; null for what comes from outside.</summary>
    internal List<TemplateValue>? Changeable { get; private init; }

    /// <summary>Names of a tuple's items, such as those of <c>groupby</c>.</summary>
    internal IReadOnlyList<string>? Fields { get; init; }

    public bool IsTuple => Kind == SequenceKind.Tuple;

    internal SequenceKind Kind { get; }

    /// <summary>How a range prints.</summary>
    internal string? Display { get; }

    internal override string TypeName => Kind switch
    {
        SequenceKind.List => "list",
        SequenceKind.Tuple => "tuple",
        SequenceKind.Range => "range",
        SequenceKind.Keys => "dict_keys",
        SequenceKind.Values => "dict_values",
        _ => "dict_items",
    };
}

/// <summary>A dict: keeps the order of insertion; a repeated key keeps its first place and its last value.</summary>
public sealed class DictionaryValue : TemplateValue
{
    private readonly OrderedDictionary<TemplateValue, TemplateValue> _items = new(PythonEquality.Keys);

    public DictionaryValue(IEnumerable<KeyValuePair<TemplateValue, TemplateValue>> items)
    {
        foreach (var (key, value) in items)
        {
            _items[key] = value;
        }
    }

    public int Count => _items.Count;

    public IEnumerable<KeyValuePair<TemplateValue, TemplateValue>> Items => _items;

    public IReadOnlyList<TemplateValue> Keys => _items.Keys;

    internal override string TypeName => "dict";

    /// <summary>Made by the template itself, which may change it.</summary>
    internal bool IsOpen { get; init; }

    internal void Set(TemplateValue key, TemplateValue value) => _items[key] = value;

    internal void Remove(TemplateValue key) => _items.Remove(key);

    internal void Clear() => _items.Clear();

    public TemplateValue? Get(TemplateValue key) => _items.GetValueOrDefault(key);
}
