using Sluice.Authoring.Callbacks;
using Sluice.Authoring.Dags;
using Sluice.Core.DagRuns;

namespace Sluice.Authoring.Yaml;

/// <summary>Deadlines in YAML: <c>name</c>, <c>reference</c> (queued_at, logical_date, average_runtime, fixed), <c>after</c> or <c>before</c>, and <c>on_missed_callback</c>.</summary>
internal static class YamlDeadline
{
    private enum Kind
    {
        QueuedAt,
        LogicalDate,
        AverageRuntime,
        Fixed,
    }

    public static void Read(YamlFields item, DagBuilder dag, Func<YamlFields, string, List<Notifier>> readNotifiers)
    {
        var name = item.RequiredText("name");
        var kind = item.Choice<Kind>("reference");
        var (after, before) = (item.Length("after"), item.Length("before"));
        var (runs, atLeast) = (item.Number("runs"), item.Number("at_least"));
        var at = item.Parse<Date>("at", "a date such as 2026-02-05T06:00", text =>
        {
            try
            {
                return Date.Parse(text);
            }
            catch (FormatException)
            {
                return null;
            }
        });
        var onMissed = readNotifiers(item, "on_missed_callback");
        item.RefuseOthers();
        if (name is null)
        {
            return;
        }

        if (kind is null && !item.Has("reference"))
        {
            item.Problem(null, "The deadline has no reference; give it queued_at, logical_date, average_runtime or fixed.");
        }
        else if (after is not null && before is not null)
        {
            item.Problem(null, "The deadline has both after and before; give one of them.");
        }
        else if (kind == Kind.Fixed != at is not null)
        {
            item.Problem(null, kind == Kind.Fixed ? "A fixed deadline needs at, a date." : "at of the deadline goes with the reference fixed only.");
        }
        else if (kind != Kind.AverageRuntime && (runs ?? atLeast) is not null)
        {
            item.Problem(null, "runs and at_least of the deadline go with the reference average_runtime only.");
        }
        else if (kind is { } known)
        {
            dag.Deadline(
                name,
                known switch
                {
                    Kind.QueuedAt => DeadlineReference.QueuedAt,
                    Kind.LogicalDate => DeadlineReference.LogicalDate,
                    Kind.Fixed => DeadlineReference.At(dag.Utc(at, $"time of deadline '{name}'")!.Value),
                    _ => DeadlineReference.AverageRuntime(runs ?? 10, atLeast ?? Math.Min(3, runs ?? 3)),
                },
                before is { } length ? -length : after ?? default,
                [.. onMissed]);
        }
    }
}
