using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Authoring.Operators;

/// <summary>Durations as people write them: <c>30s</c>, <c>5m</c>, <c>1h30m</c>, <c>2d</c>, <c>00:05:00</c>.</summary>
public static partial class Duration
{
    /// <summary>Reads a duration; false when it is none.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out duration);
        }

        var match = Units().Match(text);
        if (!match.Success || text.Length == 0)
        {
            return false;
        }

        try
        {
            duration = Part("d", TimeSpan.FromDays(1)) + Part("h", TimeSpan.FromHours(1)) + Part("m", TimeSpan.FromMinutes(1))
                + Part("s", TimeSpan.FromSeconds(1)) + Part("ms", TimeSpan.FromMilliseconds(1));
            return true;
        }
        catch (OverflowException)
        {
            return false;
        }

        TimeSpan Part(string unit, TimeSpan length) =>
            match.Groups[unit] is { Success: true } found ? length * double.Parse(found.ValueSpan, CultureInfo.InvariantCulture) : TimeSpan.Zero;
    }

    [GeneratedRegex(@"^(?:(?<d>\d{1,9}(?:\.\d+)?)d)?(?:(?<h>\d{1,9}(?:\.\d+)?)h)?(?:(?<m>\d{1,9}(?:\.\d+)?)m)?(?:(?<s>\d{1,9}(?:\.\d+)?)s)?(?:(?<ms>\d{1,9})ms)?\z")]
    private static partial Regex Units();
}
