using System.Collections.Frozen;
using Sluice.Core.Templates.Python;

namespace Sluice.Core.Templates.Library;

/// <summary>What may stand after <c>is</c>.</summary>
internal static class ValueTests
{
    private delegate bool Test(TemplateValue value, TemplateArguments arguments);

    private static readonly FrozenDictionary<string, Test> Tests = new Dictionary<string, Test>
    {
        ["defined"] = Plain(x => x is not UndefinedValue),
        ["undefined"] = Plain(x => x is UndefinedValue),
        ["none"] = Plain(x => x is NoneValue),
        ["boolean"] = Plain(x => x is BooleanValue),
        ["true"] = Plain(x => x is BooleanValue { Value: true }),
        ["false"] = Plain(x => x is BooleanValue { Value: false }),
        ["integer"] = Plain(x => x is IntegerValue),
        ["float"] = Plain(x => x is FloatValue),
        ["number"] = Plain(PythonNumbers.IsNumber),
        ["string"] = Plain(x => x is StringValue),
        ["mapping"] = Plain(x => x is DictionaryValue),
        ["sequence"] = Plain(x => x is StringValue or DictionaryValue or ListValue { Kind: SequenceKind.List or SequenceKind.Tuple or SequenceKind.Range }),
        ["iterable"] = Plain(x => x is StringValue or DictionaryValue or ListValue),
        ["callable"] = Plain(x => x is FunctionValue),
        ["odd"] = Plain(x => Modulo(x, 2) == 1),
        ["even"] = Plain(x => Modulo(x, 2) == 0),
        ["divisibleby"] = (x, a) => Modulo(x, Arguments.Int(a.Bind(1, "num")[0]!, "num")) == 0,
        ["lower"] = (x, a) => PythonStrings.IsLower(PythonText.Str(x, a.Budget)),
        ["upper"] = (x, a) => PythonStrings.IsUpper(PythonText.Str(x, a.Budget)),
        ["sameas"] = (x, a) => a.Bind(1, "other")[0] is var other
            && (ReferenceEquals(x, other) || (x is BooleanValue or NoneValue && x.GetType() == other!.GetType() && PythonEquality.AreEqual(x, other, a.Budget))),
        ["in"] = (x, a) => PythonOperators.Contains(x, a.Bind(1, "seq")[0]!, a.Budget),
        ["filter"] = Plain(x => x is StringValue name && Filters.Exists(name.Value)),
        ["test"] = Plain(x => x is StringValue name && Exists(name.Value)),
        ["eq"] = Compare("=="),
        ["equalto"] = Compare("=="),
        ["=="] = Compare("=="),
        ["ne"] = Compare("!="),
        ["!="] = Compare("!="),
        ["gt"] = Compare(">"),
        ["greaterthan"] = Compare(">"),
        [">"] = Compare(">"),
        ["ge"] = Compare(">="),
        [">="] = Compare(">="),
        ["lt"] = Compare("<"),
        ["lessthan"] = Compare("<"),
        ["<"] = Compare("<"),
        ["le"] = Compare("<="),
        ["<="] = Compare("<="),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static IEnumerable<string> Names => Tests.Keys;

    public static bool Exists(string name) => Tests.ContainsKey(name);

    public static bool Apply(string name, TemplateValue value, TemplateArguments arguments)
    {
        if (name is not ("defined" or "undefined"))
        {
            PythonEquality.Require(value);
        }

        return Tests.TryGetValue(name, out var test) ? test(value, arguments)
            : throw new TemplateException($"There is no test '{name}'{Parsing.Suggestion.For(name, Names)}.");
    }

    private static Test Plain(Func<TemplateValue, bool> test) => (value, arguments) =>
    {
        arguments.Bind(0);
        return test(value);
    };

    private static Test Compare(string symbol) => (value, arguments) => PythonOperators.Compare(symbol, value, arguments.Bind(1, "other")[0]!, arguments.Budget);

    private static int Modulo(TemplateValue value, int divisor)
    {
        if (!PythonNumbers.IsNumber(value))
        {
            throw new TemplateException($"A {value.TypeName} is neither odd nor even nor divisible.");
        }

        var rest = PythonNumbers.Binary("%", value, TemplateValue.From((long)divisor));
        return PythonNumbers.ToDouble(rest) is 0 ? 0 : PythonNumbers.ToDouble(rest) is 1 ? 1 : 2;
    }
}
