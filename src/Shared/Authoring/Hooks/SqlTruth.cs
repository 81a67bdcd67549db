namespace Sluice.Authoring.Hooks;

/// <summary>Whether a cell of a result says yes.</summary>
internal static class SqlTruth
{
    /// <summary>False for NULL, false, 0, <c>0</c> and the empty text.</summary>
    internal static bool IsTruthy(object? cell) => cell switch
    {
        null => false,
        bool value => value,
        string text => text is not ("" or "0"),
        IConvertible number when number.GetTypeCode() is >= TypeCode.SByte and <= TypeCode.Decimal => Convert.ToDouble(number) != 0,
        _ => true,
    };
}
