using System.Globalization;
using System.Text;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates.Python;

/// <summary>Python's <c>json.dumps</c>: <c>", "</c> and <c>": "</c> between items, everything beyond ASCII escaped.</summary>
internal sealed class PythonJson(RenderBudget budget, bool sortKeys, int? indent)
{
    private readonly StringBuilder _to = new();

    public string Write(TemplateValue value)
    {
        Write(value, 0);
        return _to.ToString();
    }

    private void Write(TemplateValue value, int depth)
    {
        budget.Step();
        budget.CheckText(_to.Length);
        if (depth > PythonEquality.MaxDepth)
        {
            throw new TemplateException($"A value here is nested deeper than {PythonEquality.MaxDepth} levels.");
        }

        switch (PythonEquality.Require(value))
        {
            case NoneValue:
                _to.Append("null");
                break;
            case BooleanValue x:
                _to.Append(x.Value ? "true" : "false");
                break;
            case IntegerValue x:
                _to.Append(x.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatValue x:
                _to.Append(double.IsNaN(x.Value) ? "NaN" : double.IsInfinity(x.Value) ? (x.Value > 0 ? "Infinity" : "-Infinity") : PythonFloats.Repr(x.Value));
                break;
            case StringValue x:
                Quote(x.Value);
                break;
            case ListValue { Kind: SequenceKind.List or SequenceKind.Tuple } x:
                Items('[', ']', x.Items, item => Write(item, depth + 1), depth);
                break;
            case DictionaryValue x:
                var items = x.Items;
                if (sortKeys)
                {
                    items = items.OrderBy(pair => pair.Key, Comparer<TemplateValue>.Create((a, b) => PythonEquality.Compare(a, b, "<", budget)));
                }

                Items('{', '}', [.. items], pair => Pair(pair, depth), depth);
                break;
            default:
                throw new TemplateException($"A {value.TypeName} cannot be written as JSON.");
        }
    }

    private void Pair(KeyValuePair<TemplateValue, TemplateValue> pair, int depth)
    {
        switch (pair.Key)
        {
            case StringValue key:
                Quote(key.Value);
                break;
            case NoneValue or BooleanValue or IntegerValue or FloatValue:
                _to.Append('"');
                Write(pair.Key, depth);
                _to.Append('"');
                break;
            default:
                throw new TemplateException($"The key of a JSON object cannot be a {pair.Key.TypeName}.");
        }

        _to.Append(": ");
        Write(pair.Value, depth + 1);
    }

    private void Items<T>(char open, char close, IReadOnlyList<T> items, Action<T> write, int depth)
    {
        _to.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            _to.Append(i == 0 ? "" : indent is null ? ", " : ",");
            NewLine(depth + 1);
            write(items[i]);
        }

        if (items.Count > 0)
        {
            NewLine(depth);
        }

        _to.Append(close);
    }

    private void NewLine(int depth)
    {
        if (indent is { } width)
        {
            budget.CheckText(_to.Length + ((long)width * depth));
            _to.Append('\n').Append(' ', width * depth);
        }
    }

    private void Quote(string text)
    {
        _to.Append('"');
        foreach (var c in text)
        {
            _to.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                >= ' ' and <= '~' => c.ToString(),
                _ => $"\\u{(int)c:x4}",
            });
        }

        _to.Append('"');
    }
}
