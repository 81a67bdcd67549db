using System.Text.Json;
using Sluice.Core.Templates.Python;
using static Sluice.Core.Templates.Library.Arguments;

namespace Sluice.Core.Templates.Library;

/// <summary>The variable <c>macros</c>. What needs a clock or chance (time, random, uuid) is left out: a template renders the same each time.</summary>
/// <remarks>So is yaml, whose writer has a style of its own for every value: json does what it is used for.</remarks>
internal static class Macros
{
    public static TemplateValue All { get; } = new ObjectValue("macros", new Dictionary<string, TemplateValue>
    {
        ["ds_add"] = Function("ds_add", AddDays),
        ["ds_format"] = Function("ds_format", Reformat),
        ["datetime_diff_for_humans"] = Function("datetime_diff_for_humans", HumanDiff.Of),
        ["datetime"] = new FunctionValue("datetime", MakeDateTime)
        {
            Attributes = new Dictionary<string, TemplateValue>
            {
                ["strptime"] = Function("strptime", a =>
                {
                    var x = a.Bind(2, "date_string", "format");
                    return Strftime.Parse(Text(x[0]!, "date_string"), Text(x[1]!, "format"));
                }),
                ["now"] = Function("now", NoClock),
                ["utcnow"] = Function("utcnow", NoClock),
                ["today"] = Function("today", NoClock),
                ["fromisoformat"] = Function("fromisoformat", a => FromIso(Text(a.Bind(1, "date_string")[0]!, "date_string"))),
            },
        },
        ["timedelta"] = Function("timedelta", MakeDuration),
        ["dateutil"] = new ObjectValue("dateutil", new Dictionary<string, TemplateValue>
        {
            ["relativedelta"] = new ObjectValue("dateutil.relativedelta", new Dictionary<string, TemplateValue>
            {
                ["relativedelta"] = Function("relativedelta", MakeRelativeDelta),
            }),
        }),
        ["json"] = new ObjectValue("json", new Dictionary<string, TemplateValue>
        {
            ["dumps"] = Function("dumps", Dump),
            ["loads"] = Function("loads", Load),
        }),
    });

    private static TemplateValue AddDays(TemplateArguments arguments)
    {
        var x = arguments.Bind(2, "ds", "days");
        var days = Int(x[1]!, "days");
        if (days == 0)
        {
            return TemplateValue.From(Text(x[0]!, "ds"));
        }

        var date = Strftime.Parse(Text(x[0]!, "ds"), "%Y-%m-%d").Local.Date;
        return TemplateValue.From(PythonText.Date(new DateValue(date.PlusDays(Math.Clamp(days, -4_000_000, 4_000_000))).Value));
    }

    private static TemplateValue Reformat(TemplateArguments arguments)
    {
        var x = arguments.Bind(3, "ds", "input_format", "output_format");
        var time = Strftime.Parse(PythonText.Str(x[0]!, arguments.Budget), Text(x[1]!, "input_format"));
        return Checked(Strftime.Format(time, Text(x[2]!, "output_format"), arguments.Budget), arguments.Budget);
    }

    private static DateTimeValue MakeDateTime(TemplateArguments arguments)
    {
        var x = arguments.Bind(3, "year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo");
        var local = DateMethods.Date(Int(x[0]!, "year"), Int(x[1]!, "month"), Int(x[2]!, "day"))
            + DateTimeMethods.Time(Int(x[3], "hour", 0), Int(x[4], "minute", 0), Int(x[5], "second", 0), Int(x[6], "microsecond", 0));
        return x[7] switch
        {
            null or NoneValue => DateTimeValue.Naive(local),
            ZoneValue zone => DateTimeValue.In(local, zone.Zone),
            var other => throw new TemplateException($"'tzinfo' is the zone of another datetime, such as logical_date.tzinfo, not {other.TypeName}."),
        };
    }

    private static RelativeDeltaValue MakeRelativeDelta(TemplateArguments arguments)
    {
        var x = arguments.Bind(0, ["dt1", "dt2", .. RelativeDeltaValue.Plurals, .. RelativeDeltaValue.Singulars]);
        if (x[0] is not null || x[1] is not null)
        {
            throw new TemplateException("'relativedelta' of two dates is not part of this template language; subtract one from the other.");
        }

        var amounts = RelativeDeltaValue.Plurals.Select((name, i) => (long)Int(x[i + 2], name, 0)).ToArray();
        var set = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < RelativeDeltaValue.Singulars.Length; i++)
        {
            if (x[i + 2 + amounts.Length] is { } given and not NoneValue)
            {
                set.Add(RelativeDeltaValue.Singulars[i], Int(given, RelativeDeltaValue.Singulars[i]));
            }
        }

        return RelativeDeltaValue.Of(
            amounts[0], amounts[1], (amounts[2] * 7) + amounts[3],
            (((amounts[4] * 3600) + (amounts[5] * 60) + amounts[6]) * 1_000_000) + amounts[7], set);
    }

    private static TemplateValue NoClock(TemplateArguments arguments) => throw new TemplateException(
        $"'{arguments.Callee}' is left out: a template gives the same text whenever it is rendered again. Use logical_date or data_interval_end.");

    private static DateTimeValue FromIso(string text)
    {
        var time = text.Length <= 10 ? "" : text[10] is var separator and ('T' or ' ') ? separator + "%H:%M" : throw NotIso(text);
        if (text.Length > 16 && text[16] == ':')
        {
            time += ":%S" + (text.Length > 19 && text[19] == '.' ? ".%f" : "");
        }

        var hasZone = text.Length > 16 && text.AsSpan(16).ContainsAny('+', '-', 'Z');
        return Strftime.Parse(text, "%Y-%m-%d" + time + (hasZone ? "%z" : ""));
    }

    private static TemplateException NotIso(string text) => new($"'{text}' is not an ISO date such as 2021-02-05T00:00:00.");

    private static TemplateValue MakeDuration(TemplateArguments arguments)
    {
        var x = arguments.Bind(0, "days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks");
        double[] micros = [86_400e6, 1e6, 1, 1e3, 60e6, 3600e6, 604_800e6];
        var total = micros.Select((size, i) => size * Number(x[i], "timedelta")).Sum();
        return Math.Abs(total) < 9e17
            ? TemplateValue.From(TimeSpan.FromTicks((long)Math.Round(total, MidpointRounding.ToEven) * 10))
            : throw new TemplateException("The timedelta is too long.");
    }

    private static TemplateValue Dump(TemplateArguments arguments)
    {
        var x = arguments.Bind(1, "obj", "indent", "sort_keys");
        int? indent = x[1] is null or NoneValue ? null : Math.Clamp(Int(x[1]!, "indent"), 0, 64);
        return TemplateValue.From(new PythonJson(arguments.Budget, Flag(x[2]), indent).Write(x[0]!));
    }

    private static TemplateValue Load(TemplateArguments arguments)
    {
        var text = Text(arguments.Bind(1, "s")[0]!, "s");
        arguments.Budget.Step(text.Length >> 4);
        try
        {
            return TemplateValue.FromJson(text);
        }
        catch (JsonException e)
        {
            throw new TemplateException($"The text is not JSON: it breaks at line {e.LineNumber + 1}, position {e.BytePositionInLine + 1}.");
        }
    }
}
