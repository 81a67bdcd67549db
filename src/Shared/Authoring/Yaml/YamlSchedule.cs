using Sluice.Authoring.Dags;
using Sluice.Authoring.Operators;
using Sluice.Core.Schedules;
using YamlDotNet.RepresentationModel;

namespace Sluice.Authoring.Yaml;

/// <summary>
/// Schedules in YAML: a preset or cron expression or a list of them, <c>once</c>, <c>continuous</c>, <c>none</c>, or a mapping with <c>cron</c> or
/// <c>at</c> (and <c>seconds</c>, <c>calendar</c>, <c>days</c>; with <c>at</c> also <c>interval</c> and <c>run_immediately</c>), <c>every</c>, or <c>every_days</c>, <c>every_weeks</c>, <c>every_months</c>,
/// <c>every_years</c>; <c>assets</c> alone or beside these.
/// </summary>
internal static class YamlSchedule
{
    // Of run_immediately, where other values say how long ago the tick may have been.
    private static readonly TimeSpan Always = TimeSpan.MaxValue;
    private static readonly TimeSpan Seldom = TimeSpan.MinValue;

    public static Schedule Read(YamlFields fields, string name, DagBuilder dag)
    {
        switch (fields.Node(name))
        {
            case null:
                return Schedule.None;

            case YamlScalarNode { Value: { } text }:
                return text switch
                {
                    "none" or "@none" => Schedule.None,
                    "once" or "@once" => Schedule.Once,
                    "continuous" or "@continuous" => Schedule.Continuous,
                    _ => Schedule.Cron(CronOf(text)),
                };

            case YamlSequenceNode:
                return Crons(fields.Texts(name)) is [var first, .. var more] ? Schedule.Cron(first, [.. more]) : Refuse(fields, name);

            case YamlMappingNode:
                return ReadMapping(fields, fields.Mapping(name, "the schedule")!, name, dag);

            default:
                return Refuse(fields, name);
        }
    }

    private static Schedule ReadMapping(YamlFields owner, YamlFields fields, string name, DagBuilder dag)
    {
        var crons = Crons(fields.Texts("cron"));
        var ats = Crons(fields.Texts("at"));
        var every = fields.Text("every");
        var length = TimeSpan.Zero;
        int?[] steps = [fields.Number("every_days"), fields.Number("every_weeks"), fields.Number("every_months"), fields.Number("every_years")];
        var seconds = fields.Flag("seconds");
        var calendars = fields.Texts("calendar").Select(file => file.Text).ToArray();
        var days = fields.Choice<DayRule>("days");
        var interval = fields.Length("interval");
        var immediately = fields.Parse<TimeSpan>("run_immediately", "true, false or a duration such as 30m", text => text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" => Always,
            "false" or "no" or "off" => Seldom,
            _ => Duration.TryParse(text, out var within) ? within : null,
        });
        var hasAssets = fields.Has("assets");
        var assets = fields.Node("assets") is { } written ? YamlAssets.Expression(owner, written) : null;
        fields.RefuseOthers();
        if (hasAssets)
        {
            if (assets is null)
            {
                if (fields.Node("assets") is null)
                {
                    owner.Problem(owner.Node(name), YamlAssets.Missing);
                }

                return Schedule.None;
            }

            if (crons.Count + ats.Count == 0 && every is null && steps.All(step => step is null))
            {
                return seconds is null && days is null && calendars.Length == 0 && interval is null && immediately is null ? Schedule.Assets(assets) : Refuse(owner, name);
            }
        }

        var time = ReadTime();
        return assets is null || time is ManualSchedule ? time : Schedule.AssetOrTime(time, assets);

        Schedule ReadTime()
        {
            if ((crons.Count > 0 ? 1 : 0) + (ats.Count > 0 ? 1 : 0) + (every is null ? 0 : 1) + steps.Count(step => step is not null) != 1
                || (every is not null && !Duration.TryParse(every, out length)))
            {
                return Refuse(owner, name);
            }

            if (crons.Count + ats.Count == 0 && (seconds is not null || calendars.Length > 0 || days is not null))
            {
                owner.Problem(owner.Node(name), "seconds, calendar and days of a schedule go with cron or at only.");
                return Schedule.None;
            }

            if (ats.Count == 0 && (interval is not null || immediately is not null))
            {
                owner.Problem(owner.Node(name), "interval and run_immediately of a schedule go with at only; runs of the others are about what lies between two ticks.");
                return Schedule.None;
            }

            if (days is not null && calendars.Length == 0)
            {
                owner.Problem(owner.Node(name), "days of a schedule needs a calendar: a file of the Dag folder.");
                return Schedule.None;
            }

            CalendarRule? rule = null;
            if (calendars.Length > 0)
            {
                try
                {
                    rule = new(dag.Calendar(calendars), days ?? DayRule.WorkingDays);
                }
                catch (DagDefinitionException e)
                {
                    owner.Problem(fields.Node("calendar"), e.Message);
                    return Schedule.None;
                }
            }

            return (crons, ats) switch
            {
                ([var first, .. var more], _) => new CronSchedule(first) { More = Others(more), Seconds = seconds ?? false, Days = rule },
                (_, [var first, .. var more]) => new CronTriggerSchedule(first)
                {
                    More = Others(more),
                    Seconds = seconds ?? false,
                    Days = rule,
                    Interval = interval ?? TimeSpan.Zero,
                    Immediately = immediately == Always,
                    ImmediatelyWithin = immediately == Always || immediately == Seldom ? null : immediately,
                },
                _ => every is not null ? Schedule.Every(length)
                    : steps[0] is { } d ? Schedule.EveryDays(d)
                    : steps[1] is { } w ? Schedule.EveryWeeks(w)
                    : steps[2] is { } m ? Schedule.EveryMonths(m)
                    : Schedule.EveryYears(steps[3]!.Value),
            };
        }
    }

    private static List<string>? Others(List<string> more) => more.Count == 0 ? null : more;

    private static List<string> Crons(IReadOnlyList<(string Text, YamlNode Node)> texts) => [.. texts.Select(text => CronOf(text.Text))];

    private static string CronOf(string text) => text is "hourly" or "daily" or "weekly" or "monthly" or "quarterly" or "yearly" ? "@" + text : text;

    private static Schedule Refuse(YamlFields fields, string name)
    {
        fields.Problem(
            fields.Node(name),
            "A schedule is a preset such as daily, a cron expression or a list of them, once, continuous, none, or one of cron, at, every (1h), every_days, every_weeks, every_months, every_years, assets.");
        return Schedule.None;
    }
}
