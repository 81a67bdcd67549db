using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Sluice.Core.Schedules;

/// <summary>One of the fields of a cron expression: its bounds, its names, and how its text becomes a bit per allowed value.</summary>
internal sealed class CronField
{
    public static readonly CronField Second = new("second", 0, 59);
    public static readonly CronField Minute = new("minute", 0, 59);
    public static readonly CronField Hour = new("hour", 0, 23);
    public static readonly CronField DayOfMonth = new("day of month", 1, 31) { AllowsQuestionMark = true };

    public static readonly CronField Month = new("month", 1, 12)
    {
        Names = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    };

    public static readonly CronField DayOfWeek = new("day of week", 0, 6)
    {
        AllowsQuestionMark = true,
        Names = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        HighestAccepted = 7,
    };

    private readonly int _min;
    private readonly int _max;

    private CronField(string name, int min, int max)
    {
        Name = name;
        _min = min;
        _max = max;
        HighestAccepted = max;
    }

    public string Name { get; }

    /// <summary>Bit per value when every value is allowed.</summary>
    public ulong All => (ulong.MaxValue >> (63 - _max)) & (ulong.MaxValue << _min);

    private string[] Names { get; init; } = [];

    private bool AllowsQuestionMark { get; init; }

    // Sunday is 0 and 7.
    private int HighestAccepted { get; init; }

    private int Count => _max - _min + 1;

    private string Bounds => $"{_min}-{HighestAccepted}";

    /// <summary>Reads a list of values, ranges, steps and, in the day fields, the marks <c>L</c>, <c>W</c> and <c>#</c>.</summary>
    /// <param name="text">The field as written.</param>
    /// <param name="values">The allowed values.</param>
    /// <param name="error">What is wrong, quoting the offending part; starts with the field's name.</param>
    /// <param name="position">Where in the field the offending element begins, from 0.</param>
    public bool TryParse(string text, out CronFieldValues values, [NotNullWhen(false)] out string? error, out int position)
    {
        values = default;
        position = 0;
        foreach (var element in text.Split(','))
        {
            if (element.Length == 0)
            {
                error = $"{Name} \"{text}\" has an empty list element";
                return false;
            }

            var read = IsMarked(element)
                ? Name == DayOfMonth.Name ? TryParseMarkedDay(element, ref values, out error) : TryParseMarkedWeekday(element, ref values, out error)
                : TryParseElement(element, ref values.Values, out error);
            if (!read)
            {
                error ??= "";
                return false;
            }

            position += element.Length + 1;
        }

        error = null;
        return true;
    }

    /// <summary>No name of a weekday begins or ends with L or ends with W, so a mark cannot be mistaken.</summary>
    private bool IsMarked(string element) => AllowsQuestionMark
        && (element.Contains('#', StringComparison.Ordinal)
            || element[0] is 'L' or 'l'
            || (element[^1] is 'L' or 'l' or 'W' or 'w' && !Names.Contains(element, StringComparer.OrdinalIgnoreCase)));

    private bool TryParseMarkedDay(string element, ref CronFieldValues values, [NotNullWhen(false)] out string? error)
    {
        var mark = element.ToUpperInvariant();
        error = null;
        if (mark == "L")
        {
            values.BeforeLast |= 1;
        }
        else if (mark == "LW")
        {
            values.LastWeekday = true;
        }
        else if (mark.StartsWith("L-", StringComparison.Ordinal) && TryParseNumber(mark[2..], out var before))
        {
            error = before is < 1 or > 30 ? $"{Name} \"{element}\": {before} days before the last is not in 1-30" : null;
            values.BeforeLast |= error is null ? 1u << before : 0;
        }
        else if (mark[^1] == 'W' && TryParseNumber(mark[..^1], out var day))
        {
            error = day < _min || day > _max ? $"{Name} \"{element}\": {day} is not in {Bounds}" : null;
            values.Nearest |= error is null ? 1u << day : 0;
        }
        else
        {
            error = $"{Name} \"{element}\" cannot be read; L is the last day, L-3 three days before it, LW the last weekday, 15W the weekday nearest to the 15th";
        }

        return error is null;
    }

    private bool TryParseMarkedWeekday(string element, ref CronFieldValues values, [NotNullWhen(false)] out string? error)
    {
        if (element.IndexOf('#', StringComparison.Ordinal) is var hash and >= 0)
        {
            if (!TryParseValue(element[..hash], element, out var weekday, out error))
            {
                return false;
            }

            if (!TryParseNumber(element[(hash + 1)..], out var nth) || nth is < 1 or > 5)
            {
                error = $"{Name} \"{element}\": after # comes which one of the month, 1-5";
                return false;
            }

            values.Nth |= 1UL << ((7 * (nth - 1)) + Wrap(weekday));
            return true;
        }

        // Alone it is a Saturday to some and the last day of the week to others.
        if (element is "L" or "l")
        {
            error = $"{Name} \"{element}\" is ambiguous; write 6 for Saturdays or 6L for the last Saturday of the month";
            return false;
        }

        var value = element[^1] is 'L' or 'l' ? element[..^1] : element[0] is 'L' or 'l' ? element[1..] : element;
        if (!TryParseValue(value, element, out var last, out error))
        {
            return false;
        }

        values.Last |= 1u << Wrap(last);
        return true;
    }

    private bool TryParseElement(string element, ref ulong mask, [NotNullWhen(false)] out string? error)
    {
        var slash = element.IndexOf('/', StringComparison.Ordinal);
        var step = 1;
        if (slash >= 0 && !TryParseStep(element, element[(slash + 1)..], out step, out error))
        {
            return false;
        }

        var range = slash < 0 ? element : element[..slash];
        int low, high;
        if (range == "*" || (range == "?" && AllowsQuestionMark))
        {
            (low, high) = (_min, _max);
        }
        else if (range.IndexOf('-', StringComparison.Ordinal) is var dash and >= 0)
        {
            if (!TryParseValue(range[..dash], element, out low, out error) || !TryParseValue(range[(dash + 1)..], element, out high, out error))
            {
                return false;
            }

            // FRI-MON and 22-2 go round the end.
            high = low > high ? high + Count : high;
        }
        else
        {
            if (!TryParseValue(range, element, out low, out error))
            {
                return false;
            }

            low = Wrap(low);
            high = slash < 0 ? low : _max; // 5/15 starts at 5 and goes to the end
        }

        for (var value = low; value <= high; value += step)
        {
            mask |= 1UL << Wrap(value);
        }

        error = null;
        return true;
    }

    private bool TryParseStep(string element, string text, out int step, [NotNullWhen(false)] out string? error)
    {
        if (!TryParseNumber(text, out step))
        {
            error = $"{Name} \"{element}\": the step \"{text}\" is not a number";
            return false;
        }

        // A larger step would silently mean "once a round", which is not what */90 asks for.
        if (step < 1 || step > Count)
        {
            error = $"{Name} \"{element}\": the step {text} is not in 1-{Count}";
            return false;
        }

        error = null;
        return true;
    }

    private bool TryParseValue(string text, string element, out int value, [NotNullWhen(false)] out string? error)
    {
        var of = text == element ? "" : $" of \"{element}\"";
        if (TryParseNumber(text, out value))
        {
            error = value < _min || value > HighestAccepted ? $"{Name} \"{text}\"{of} is not in {Bounds}" : null;
            return error is null;
        }

        var name = Array.FindIndex(Names, n => n.Equals(text, StringComparison.OrdinalIgnoreCase));
        value = name + _min;
        error = name >= 0 ? null
            : text.Length == 0 ? $"{Name} \"{element}\" lacks a value"
            : Names.Length > 0 ? $"{Name} \"{text}\"{of} is neither a number in {Bounds} nor a name such as {Names[1]}"
            : $"{Name} \"{text}\"{of} is not a number in {Bounds}";
        return error is null;
    }

    private static bool TryParseNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private int Wrap(int value) => ((value - _min) % Count) + _min;
}
