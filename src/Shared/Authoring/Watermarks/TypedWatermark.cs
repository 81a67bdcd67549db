using System.Globalization;

namespace Sluice.Authoring.Watermarks;

/// <summary>What this attempt reads, as values of a type.</summary>
/// <param name="From">Exclusive.</param>
/// <param name="To">Inclusive.</param>
public sealed record WatermarkWindow<T>(T From, T To)
{
    /// <summary>True when there is nothing new to read.</summary>
    public bool IsEmpty => EqualityComparer<T>.Default.Equals(From, To);
}

/// <summary>Marks of a type as the text that is kept: exact, and the same in every country.</summary>
internal static class TypedWatermark
{
    internal static string Write<T>(T value)
        where T : struct, IParsable<T>, IFormattable =>
        value.ToString(value is DateTimeOffset or DateTime or DateOnly or TimeOnly ? "O" : null, CultureInfo.InvariantCulture);

    /// <exception cref="Operators.TaskFailedException">It is no such value.</exception>
    internal static T Read<T>(string text)
        where T : struct, IParsable<T>, IFormattable =>
        T.TryParse(text, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new Operators.TaskFailedException($"The watermark '{text}' is no {typeof(T).Name}; put it right with: sluice watermarks set");
}
