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
            SampleScope.Render(text);
            return true;
        }
        catch (TemplateException e)
        {
            return e is { Line: > 0, Column: > 0 };
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void Whole_numbers_compute_as_they_do_in_CSharp() => Prop.ForAll(Gen.Sized(size => Expressions(Math.Min(size, 12))).ToArbitrary(), given =>
    {
        if (given.Value is null)
        {
            return Assert.Throws<TemplateException>(() => SampleScope.Render($"{{{{ {given.Text} }}}}")).Message.Contains("Division by zero", StringComparison.Ordinal);
        }

        return SampleScope.Render($"{{{{ {given.Text} }}}}") == given.Value.ToString();
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

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

    private static Gen<string> Soup() => Gen.Elements(
        "{{", "}}", "{%", "%}", "{#", "#}", " ", "-", "+", "if", "endif", "for", "endfor", "else", "elif", "set", "endset", "in", "is", "not", "and", "raw", "endraw",
        "x", "name", "items", "user", ".", "[", "]", "(", ")", "{", "}", ":", ",", "|", "~", "=", "==", "<", "*", "**", "/", "//", "%", "1", "2.5", "'a'", "\"b\"", "'", "\\", "\n",
        "upper", "join", "map", "sort", "int", "defined", "loop", "range", "default", "none", "true", "0", "é", "😀").ListOf().Select(string.Concat);
}
