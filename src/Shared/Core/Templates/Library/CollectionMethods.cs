using Sluice.Core.Templates.Python;
using static Sluice.Core.Templates.Library.Arguments;

namespace Sluice.Core.Templates.Library;

/// <summary>Python's methods of list, tuple and dict; those that change them are left out.</summary>
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
            return value;
        }),
        _ => null,
    };

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
            return value;
        }),
        "append" or "extend" or "insert" or "pop" or "remove" or "clear" or "sort" or "reverse" when value.Kind == SequenceKind.List => Function(
            name, _ => throw new TemplateException($"Lists cannot be changed here; '{name}' is left out. Make a new one, such as x + [item].")),
        _ => null,
    };
}
