using Sluice.Core.DagRuns;
using Sluice.Core.Schedules;

namespace Sluice.Core.Dags;

/// <summary>Start and end dates of a Dag and of its tasks, taken together (semantics.md, 1).</summary>
public static class DagDates
{
    /// <summary>First logical date that may run: the earliest start date of the Dag and its tasks.</summary>
    public static DateTimeOffset? Start(DagSpec dag) => dag.Tasks.Select(task => task.StartDate).Append(dag.StartDate).Min();

    /// <summary>Last logical date that may run: the latest end date when every task has one, else the Dag's.</summary>
    public static DateTimeOffset? End(DagSpec dag) =>
        dag.Tasks.Count > 0 && dag.Tasks.All(task => task.EndDate is not null) ? dag.Tasks.Select(task => task.EndDate).Append(dag.EndDate).Max() : dag.EndDate;

    /// <summary>The timetable of a Dag.</summary>
    /// <exception cref="FormatException">See <see cref="Timetable.Create"/>.</exception>
    public static Timetable Timetable(DagSpec dag) => Schedules.Timetable.Create(dag.Schedule, dag.TimeZone, Start(dag), End(dag), dag.Catchup);

    /// <summary>Whether a task is part of a run: its own dates must allow the run's logical date. A backfill asks for what lies outside on purpose.</summary>
    public static bool Allow(TaskSpec task, RunFacts run) =>
        run.Type == RunType.Backfill || ((task.StartDate is null || run.LogicalDate >= task.StartDate) && (task.EndDate is null || run.LogicalDate <= task.EndDate));
}
