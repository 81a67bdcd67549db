using Sluice.Core.Templates.Python;
using static Sluice.Core.Templates.Library.Arguments;

namespace Sluice.Core.Templates.Library;

/// <summary>Python's methods of list, tuple and dict. Only what the template made itself can be changed: rendering again gives the same text.</summary>
internal static class CollectionMethods
{
    public static TemplateValue? Get(DictionaryValue value, string name) => name switch
    {
        "get" => Function(name, a =>
        {
            var x = a.Bind(1, "key", "default");
            return value.Get(x[0]!) ?? x[1] ?? TemplateValue.None;
        }),
        "items" => Function(name, a =>
        {
            a.Bind(0);
            a.Budget.Items(value.Count);
            return new ListValue([.. value.Items.Select(x => new ListValue([x.Key, x.Value], isTuple: true))], SequenceKind.Items);
        }),
        "keys" => Function(name, a =>
        {
            a.Bind(0);
            a.Budget.Items(value.Count);
            return new ListValue([.. value.Keys], SequenceKind.Keys);
        }),
        "values" => Function(name, a =>
        {
            a.Bind(0);
            a.Budget.Items(value.Count);
            return new ListValue([.. value.Items.Select(x => x.Value)], SequenceKind.Values);
        }),
        "copy" => Function(name, a =>
        {
            a.Bind(0);
            a.Budget.Items(value.Count);
            return new DictionaryValue(value.Items) { IsOpen = true };
        }),
        "update" => Function(name, a =>
        {
            RequireOpen(value);
            foreach (var (key, item) in ((DictionaryValue)Globals.MakeDictionary(a)).Items.ToList())
            {
                a.Budget.Items(value.Count >= Rendering.RenderBudget.MaxItems ? value.Count + 1L : 1);
                value.Set(key, item);
            }

            return TemplateValue.None;
        }),
        "setdefault" => Function(name, a =>
        {
            RequireOpen(value);
            var x = a.Bind(1, "key", "default");
            if (value.Get(x[0]!) is { } there)
            {
                return there;
            }

            value.Set(x[0]!, x[1] ?? TemplateValue.None);
            return x[1] ?? TemplateValue.None;
        }),
        "pop" => Function(name, a =>
        {
            RequireOpen(value);
            var x = a.Bind(1, "key", "default");
            var found = value.Get(x[0]!) ?? x[1] ?? throw new TemplateException("The dict has no such key.");
            value.Remove(x[0]!);
            return found;
        }),
        "clear" => Function(name, a =>
        {
            a.Bind(0);
            RequireOpen(value);
            value.Clear();
            return TemplateValue.None;
        }),
        _ => null,
    };

    private static void RequireOpen(DictionaryValue value)
    {
        if (!value.IsOpen)
        {
            throw new TemplateException("This dict comes from outside and cannot be changed; make a copy first, with x.copy().");
        }
    }

    public static TemplateValue? Get(ListValue value, string name) => name switch
    {
        "index" => Function(name, a =>
        {
            var item = a.Bind(1, "value")[0]!;
            for (var i = 0; i < value.Items.Count; i++)
            {
                if (PythonEquality.AreEqual(value.Items[i], item, a.Budget))
                {
                    return TemplateValue.From((long)i);
                }
            }

            throw new TemplateException($"The {value.TypeName} has no such item.");
        }),
        "count" => Function(name, a =>
        {
            var item = a.Bind(1, "value")[0]!;
            return TemplateValue.From((long)value.Items.Count(x => PythonEquality.AreEqual(x, item, a.Budget)));
        }),
        "copy" when value.Kind == SequenceKind.List => Function(name, a =>
        {
            a.Bind(0);
            a.Budget.Items(value.Items.Count);
            return ListValue.Open(value.Items);
        }),
        "append" or "extend" or "insert" or "pop" or "remove" or "clear" or "sort" or "reverse" when value.Kind == SequenceKind.List => Function(
            name, a => Change(name, a, value.Changeable
                ?? throw new TemplateException("This list comes from outside and cannot be changed; make a copy first, with x | list."))),
        _ => null,
    };

    private static TemplateValue Change(string name, TemplateArguments a, List<TemplateValue> items)
    {
        switch (name)
        {
            case "append":
                Grow(1);
                items.Add(PythonEquality.Require(a.Bind(1, "object")[0]!));
                break;
            case "extend":
                var more = PythonSequences.Iterate(a.Bind(1, "iterable")[0]!, a.Budget).ToArray();
                Grow(more.Length);
                items.AddRange(more);
                break;
            case "insert":
                Grow(1);
                var x = a.Bind(2, "index", "object");
                var at = Int(x[0]!, "index");
                items.Insert(Math.Clamp(at < 0 ? at + items.Count : at, 0, items.Count), PythonEquality.Require(x[1]!));
                break;
            case "pop":
                var index = Int(a.Bind(0, "index")[0], "index", -1);
                index = index < 0 ? index + items.Count : index;
                if (index < 0 || index >= items.Count)
                {
                    throw new TemplateException("The list has no such item to pop.");
                }

                var popped = items[index];
                items.RemoveAt(index);
                return popped;
            case "remove":
                var unwanted = a.Bind(1, "value")[0]!;
                var found = items.FindIndex(item => PythonEquality.AreEqual(item, unwanted, a.Budget));
                items.RemoveAt(found >= 0 ? found : throw new TemplateException("The list has no such item to remove."));
                break;
            case "clear":
                a.Bind(0);
                items.Clear();
                break;
            case "reverse":
                a.Bind(0);
                a.Budget.Items(items.Count);
                items.Reverse();
                break;
            default:
                var reverse = a.Bind(0, "reverse")[0];
                var sorted = SequenceFilters.Sorted(items, Flag(reverse), a.Budget);
                items.Clear();
                items.AddRange(sorted);
                break;
        }

        return TemplateValue.None;

        void Grow(int by)
        {
            if (items.Count + (long)by > Rendering.RenderBudget.MaxItems)
            {
                a.Budget.Items(items.Count + (long)by);
            }
        }
    }
}
