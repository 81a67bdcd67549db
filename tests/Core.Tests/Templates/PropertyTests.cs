using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Core.Templates;

namespace Sluice.Core.Tests.Templates;

public class PropertyTests
{
    [Fact]
    public void Text_without_a_brace_renders_to_itself() => Prop.ForAll<NonNull<string>>(given =>
    {
        var text = given.Get.Replace("{", "").Replace("\r", "").TrimEnd('\n');
        var template = Template.Parse(text);
        return template.IsPlain && template.Render(TemplateScope.Empty) == text;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_string_survives_as_a_value() => Prop.ForAll<NonNull<string>>(given =>
        Template.Parse("{{ x }}{{ x ~ '' }}").Render(TemplateScope.Empty.With("x", TemplateValue.From(given.Get))) == given.Get + given.Get).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_is_rendered_or_refused_with_a_place() => Prop.ForAll(Soup().ToArbitrary(), text =>
    {
        try
        {
            return Template.Parse(text, null, Files).Render(Small.With(Files)).Length <= Small.Limits.MaxOutput;
        }
        catch (TemplateException e)
        {
            return e is { Line: > 0, Column: > 0 };
        }
    }).Check(Properties.Of(3000));

    [Fact]
    public void Any_filter_method_and_test_over_any_value_renders_or_is_refused_within_the_limits() => Prop.ForAll(Chains().ToArbitrary(), text =>
    {
        try
        {
            return Template.Parse(text, null, Files).Render(Small.With(Files)).Length <= Small.Limits.MaxOutput;
        }
        catch (TemplateException e)
        {
            return e is { Line: > 0, Column: > 0 };
        }
    }).Check(Properties.Of(4000));

    [Fact]
    public void Whole_numbers_compute_as_they_do_in_CSharp() => Prop.ForAll(Gen.Sized(size => Expressions(Math.Min(size, 12))).ToArbitrary(), given =>
    {
        if (given.Value is null)
        {
            return Assert.Throws<TemplateException>(() => SampleScope.Render($"{{{{ {given.Text} }}}}")).Message.Contains("Division by zero", StringComparison.Ordinal);
        }

        return SampleScope.Render($"{{{{ {given.Text} }}}}") == given.Value.ToString();
    }).Check(Properties.Of(1000));

    [Fact]
    public void Lists_of_numbers_sort_sum_and_slice_as_they_do_in_CSharp() => Prop.ForAll<int[], int, int>((numbers, a, b) =>
    {
        var scope = TemplateScope.Empty.With("x", TemplateValue.From(numbers.Select(n => TemplateValue.From((long)n))));
        (a, b) = (Math.Abs(a % 20), Math.Abs(b % 20));
        var slice = numbers.Skip(a).Take(Math.Max(0, b - a));
        return Render("{{ x | sort | join(',') }}") == string.Join(",", numbers.Order())
            && Render("{{ x | sum }}") == numbers.Sum(n => (long)n).ToString()
            && Render($"{{{{ x[{a}:{b}] | join(',') }}}}") == string.Join(",", slice)
            && Render("{% for i in x %}{{ i }},{% endfor %}") == string.Concat(numbers.Select(n => n + ","));

        string Render(string template) => Template.Parse(template).Render(scope);
    }).QuickCheckThrowOnFailure();

    // Null where something is divided by zero.
    private static Gen<(string Text, BigInteger? Value)> Expressions(int size)
    {
        var literal = Gen.Choose(0, 1000).Select(x => (x.ToString(), (BigInteger?)x));
        if (size == 0)
        {
            return literal;
        }

        var half = Expressions(size / 2);
        var binary = from left in half
                     from right in half
                     from symbol in Gen.Elements("+", "-", "*", "//", "%")
                     select ($"({left.Text}) {symbol} ({right.Text})", Compute(symbol, left.Value, right.Value));
        var negative = from operand in half select ($"-({operand.Text})", -operand.Value);
        return Gen.Frequency((1, literal), (1, negative), (4, binary));
    }

    private static BigInteger? Compute(string symbol, BigInteger? left, BigInteger? right) => (symbol, left, right) switch
    {
        (_, null, _) or (_, _, null) => null,
        ("//" or "%", _, { IsZero: true }) => null,
        ("+", { } a, { } b) => a + b,
        ("-", { } a, { } b) => a - b,
        ("*", { } a, { } b) => a * b,
        ("%", { } a, { } b) => ((a % b) + b) % b,
        (_, { } a, { } b) => (a - (((a % b) + b) % b)) / b,
    };

    private static readonly TemplateLibrary Files = new()
    {
        Files = new Dictionary<string, string> { ["a"] = "{% macro f(x) %}{{ x }}{% endmacro %}{% include 'a' %}", ["b"] = "{{ x }}" },
    };

    // Small enough that running away is soon over.
    private static readonly TemplateScope Small = Scope();

    private static TemplateScope Scope()
    {
        var limits = new TemplateLimits { MaxSteps = 5000, MaxOutput = 2000 };
        var names = new[] { "name", "n", "f", "items", "empty", "nothing", "user", "users" }.Select(x => new KeyValuePair<string, TemplateValue>(x, SampleScope.Get(x)));
        return new([.. names, new("day", TemplateValue.From(new DateTimeOffset(2021, 2, 5, 0, 0, 0, TimeSpan.Zero))), new("macros", Macros)], limits);
    }

    private static TemplateValue Macros { get; } = MacrosOf();

    // Through the front door: the context of a run has them.
    private static TemplateValue MacrosOf()
    {
        TemplateValue? found = null;
        var library = new TemplateLibrary { Filters = new Dictionary<string, TemplateFilter> { ["keep"] = (value, _) => found = value } };
        Template.Parse("{{ macros | keep }}", null, library).Render(ContextDocument.Parse("{}").With(library));
        return found!;
    }

    private static Gen<string> Chains()
    {
        var value = Gen.Elements(
            "name", "n", "f", "items", "empty", "nothing", "user", "users", "day", "gone", "1", "-1", "0", "2.5", "1e308", "''", "'a,b'", "'%s %d'", "'{} {:>9}'", "true", "none",
            "[]", "[3, 1]", "(1, 'a')", "{'a': 1}", "[[1], [2]]", "range(3)", "10 ** 18", "'한😀'", "day.date()", "macros.timedelta(days=3)", "macros.datetime(2021, 1, 31)",
            "macros.dateutil.relativedelta.relativedelta(months=1)", "macros", "loop", "user.items()", "999999999", "-999999999", "'%Y'", "'attribute'", "'name'", "'upper'");
        var arguments = Gen.Choose(0, 3).SelectMany(count => value.ListOf(count)).Select(list => $"({string.Join(", ", list)})");
        var filter = Gen.Elements(
            "default", "d", "join", "replace", "upper", "lower", "title", "capitalize", "trim", "int", "float", "round", "abs", "length", "first", "last", "sort", "dictsort", "groupby",
            "unique", "map", "select", "reject", "selectattr", "rejectattr", "list", "string", "tojson", "reverse", "min", "max", "sum", "items", "format", "indent", "truncate", "center",
            "wordcount", "wordwrap", "urlencode", "batch", "slice", "escape", "safe", "striptags", "filesizeformat", "ds", "ts", "ts_nodash", "ts_nodash_with_tz");
        var method = Gen.Elements(
            "upper", "title", "split", "rsplit", "strip", "join", "replace", "zfill", "center", "ljust", "format", "partition", "count", "find", "index", "startswith", "splitlines", "get",
            "items", "update", "pop", "append", "extend", "insert", "sort", "copy", "setdefault", "add", "subtract", "strftime", "isoformat", "format", "start_of", "end_of", "in_timezone",
            "replace", "date", "weekday", "timestamp", "total_seconds", "in_days", "isocalendar", "ds_add", "ds_format", "datetime", "timedelta", "is_integer", "bit_length");
        var test = Gen.Elements("defined", "none", "string", "number", "sequence", "mapping", "even", "divisibleby 3", "in [1, 2]", "eq 1", "lt 2", "sameas none", "upper", "iterable");
        var symbol = Gen.Elements("+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and", "or");
        var link = Gen.OneOf(
            from f in filter from a in arguments select $" | {f}{a}",
            from f in filter select $" | {f}",
            from m in method from a in arguments select $".{m}{a}",
            from t in test select $" is {t}",
            from s in symbol from v in value select $" {s} {v}",
            from v in value select $"[{v}]",
            from v in value from w in value select $"[{v}:{w}]");
        var chain = from v in value from links in Gen.Choose(1, 4).SelectMany(count => link.ListOf(count)) select v + string.Concat(links);
        return Gen.OneOf(
            from c in chain select $"{{{{ {c} }}}}",
            from c in chain from d in chain select $"{{% for x in {c} %}}{{{{ x }}}}{{{{ {d} }}}}{{% endfor %}}",
            from c in chain from d in chain select $"{{% set l = [1] %}}{{% do l.append({c}) %}}{{% do l.extend(l) %}}{{{{ l }}}}{{{{ {d} }}}}",
            from c in chain select $"{{% macro f(x) %}}{{{{ x }}}}{{{{ f({c}) }}}}{{% endmacro %}}{{{{ f({c}) }}}}");
    }

    private static Gen<string> Soup() => Gen.Elements(
        "{{", "}}", "{%", "%}", "{#", "#}", " ", "-", "+", "if", "endif", "for", "endfor", "else", "elif", "set", "endset", "in", "is", "not", "and", "raw", "endraw",
        "x", "name", "items", "user", ".", "[", "]", "(", ")", "{", "}", ":", ",", "|", "~", "=", "==", "<", "*", "**", "/", "//", "%", "1", "2.5", "'a'", "\"b\"", "'", "\\", "\n",
        "macro", "endmacro", "call", "endcall", "f(", "with", "endwith", "do", "include", "import", "from", "as", "filter", "endfilter", "recursive", "caller()", "'b'", "**", "append(x)",
        "upper", "join", "map", "sort", "int", "defined", "loop", "range", "default", "none", "true", "0", "é", "😀").ListOf().Select(string.Concat);
}
