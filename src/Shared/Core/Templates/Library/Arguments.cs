using System.Numerics;
using Sluice.Core.Templates.Python;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates.Library;

/// <summary>Reads arguments of the built-in functions.</summary>
internal static class Arguments
{
    /// <summary>A whole number that fits an int; larger ones are clamped, which every caller bounds further.</summary>
    public static int Int(TemplateValue value, string what) =>
        PythonNumbers.TryInteger(PythonEquality.Require(value), out var number)
            ? (int)BigInteger.Clamp(number, int.MinValue, int.MaxValue)
            : throw new TemplateException($"'{what}' is a whole number, not {value.TypeName}.");

    public static int Int(TemplateValue? value, string what, int otherwise) => value is null or NoneValue ? otherwise : Int(value, what);

    public static double Number(TemplateValue? value, string what) =>
        value is null ? 0
        : PythonNumbers.IsNumber(PythonEquality.Require(value)) ? PythonNumbers.ToDouble(value)
        : throw new TemplateException($"'{what}' is a number, not {value.TypeName}.");

    public static string Text(TemplateValue value, string what) =>
        PythonEquality.Require(value) is StringValue text ? text.Value : throw new TemplateException($"'{what}' is a string, not {value.TypeName}.");

    public static string? TextOrNull(TemplateValue? value, string what) => value is null or NoneValue ? null : Text(value, what);

    public static bool Flag(TemplateValue? value) => value is not null && PythonOperators.Truthy(value);

    public static FunctionValue Function(string name, Func<TemplateArguments, TemplateValue> invoke) => new(name, invoke);

    /// <summary>A new text is bounded before it is handed on.</summary>
    public static TemplateValue Checked(string text, RenderBudget budget)
    {
        budget.CheckText(text.Length);
        return TemplateValue.From(text);
    }

    /// <summary>Replaces with the length checked before the text is made.</summary>
    public static TemplateValue Replace(string text, string old, string with, int count, RenderBudget budget)
    {
        budget.Step(text.Length >> 8);
        if (count < 0)
        {
            count = int.MaxValue;
        }

        if (old.Length == 0)
        {
            budget.CheckText(text.Length + ((long)with.Length * Math.Min(count, text.Length + 1)));
            var characters = PythonStrings.Characters(text);
            var pieces = characters.Select((c, i) => i < count ? with + c : c);
            return TemplateValue.From(string.Concat(pieces) + (count > characters.Count ? with : ""));
        }

        var result = new System.Text.StringBuilder();
        var from = 0;
        for (int at; count > 0 && (at = text.IndexOf(old, from, StringComparison.Ordinal)) >= 0; count--)
        {
            result.Append(text, from, at - from).Append(with);
            budget.CheckText(result.Length);
            from = at + old.Length;
        }

        return Checked(result.Append(text, from, text.Length - from).ToString(), budget);
    }

    public static TemplateValue Join(string separator, IEnumerable<TemplateValue> items, RenderBudget budget)
    {
        var result = new System.Text.StringBuilder();
        var first = true;
        foreach (var item in items)
        {
            budget.Step();
            result.Append(first ? "" : separator).Append(PythonText.Str(item, budget));
            budget.CheckText(result.Length);
            first = false;
        }

        return TemplateValue.From(result.ToString());
    }
}
