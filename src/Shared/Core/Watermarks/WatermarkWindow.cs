namespace Sluice.Core.Watermarks;

/// <summary>What one run of a task reads of a column that only grows: values above <paramref name="From"/>, up to <paramref name="To"/>.</summary>
/// <param name="From">Exclusive: the mark of the run before, as exact text; null when none has succeeded yet.</param>
/// <param name="To">Inclusive: the mark after this run, as exact text; null when there was nothing to read and no mark before.</param>
public sealed record WatermarkWindow(string? From, string? To)
{
    /// <summary>True when there is nothing new to read.</summary>
    public bool IsEmpty => To is null || From == To;
}

/// <summary>What an attempt asks of the engine: without <paramref name="Open"/> where its window begins, with it that this window be kept.</summary>
public sealed record WatermarkQuestion(WatermarkWindow? Open = null);

/// <summary>Where the window of an attempt begins, and where it ends when that is settled.</summary>
/// <param name="From">See <see cref="WatermarkWindow"/>.</param>
/// <param name="IsSettled">The end is known: the attempt must not look for another.</param>
/// <param name="To">The end, when it is settled; null then means that there is nothing to read.</param>
/// <param name="Refusal">Why there is no window; null when there is.</param>
public sealed record WatermarkAnswer(string? From, bool IsSettled = false, string? To = null, string? Refusal = null);
