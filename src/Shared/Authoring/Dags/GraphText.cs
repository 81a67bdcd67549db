using System.Globalization;
using System.Text;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Dags;

/// <summary>A Dag's graph as text for people: the head, then its tasks as a tree from the first ones down.</summary>
public static class GraphText
{
    /// <summary>Draws the graph. A task with several upstreams is drawn once; further mentions end in an arrow up.</summary>
    public static string Draw(DagSpec dag)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{dag.Id}  {Describe(dag.Schedule)}");
        if (dag.StartDate is { } start)
        {
            text.Append(CultureInfo.InvariantCulture, $", from {start:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        }

        if (dag.EndDate is { } end)
        {
            text.Append(CultureInfo.InvariantCulture, $", to {end:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        }

        text.Append(CultureInfo.InvariantCulture, $", {dag.TimeZone}, {dag.Tasks.Count} {(dag.Tasks.Count == 1 ? "task" : "tasks")}\n");
        if (dag.Description is { } description)
        {
            text.Append("  ").Append(description).Append('\n');
        }

        DrawTasks(dag, text);
        return text.ToString();
    }

    /// <summary>A schedule in one word or two.</summary>
    public static string Describe(Schedule schedule) => schedule.Clock is null ? "only when triggered" : ScheduleText.Of(schedule);

    private static void DrawTasks(DagSpec dag, StringBuilder text)
    {
        var downstream = dag.Tasks.Select(_ => new List<int>()).ToArray();
        for (var i = 0; i < dag.Tasks.Count; i++)
        {
            foreach (var up in dag.Tasks[i].Upstream)
            {
                downstream[up].Add(i);
            }
        }

        var drawn = new bool[dag.Tasks.Count];

        // A stack of our own: a chain of 20,000 tasks is deeper than the thread's.
        var open = new Stack<(int Task, string Lead, string Indent)>();
        foreach (var root in Enumerable.Range(0, dag.Tasks.Count).Where(i => dag.Tasks[i].Upstream.Count == 0).Reverse())
        {
            open.Push((root, "  ", "  "));
        }

        while (open.TryPop(out var next))
        {
            var (task, lead, indent) = next;
            text.Append(lead).Append(Describe(dag.Tasks[task], drawn[task])).Append('\n');
            if (drawn[task])
            {
                continue;
            }

            drawn[task] = true;
            var children = downstream[task];
            if (children is [var only])
            {
                // A chain goes down, not to the right.
                open.Push((only, $"{indent}→ ", indent));
                continue;
            }

            for (var i = children.Count - 1; i >= 0; i--)
            {
                var last = i == children.Count - 1;
                open.Push((children[i], indent + (last ? "└─ " : "├─ "), indent + (last ? "   " : "│  ")));
            }
        }
    }

    private static string Describe(TaskSpec task, bool again) => (again, task) switch
    {
        (true, _) => $"{task.Id} ↑",
        (_, { TriggerRule: TriggerRule.AllSuccess }) => $"{task.Id} ({task.Operator})",
        _ => $"{task.Id} ({task.Operator}, {System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(task.TriggerRule.ToString())})",
    };
}
