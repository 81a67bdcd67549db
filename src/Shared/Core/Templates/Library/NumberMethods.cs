using Sluice.Core.Templates.Python;
using static Sluice.Core.Templates.Library.Arguments;

namespace Sluice.Core.Templates.Library;

/// <summary>Methods of numbers.</summary>
internal static class NumberMethods
{
    public static TemplateValue? Get(TemplateValue value, string name) => name switch
    {
        "is_integer" => Function(name, a =>
        {
            a.Bind(0);
            return TemplateValue.From(value is not FloatValue { Value: var real } || (double.IsFinite(real) && Math.Truncate(real) == real));
        }),
        "bit_length" when PythonNumbers.TryInteger(value, out var integer) => Function(name, a =>
        {
            a.Bind(0);
            return TemplateValue.From((long)System.Numerics.BigInteger.Abs(integer).GetBitLength());
        }),
        _ => null,
    };
}
