using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>One reason why a task instance is where it is.</summary>
/// <param name="Kind">For programs, such as <c>upstream</c>; docs/concepts/clearing.md lists them.</param>
/// <param name="Text">For people.</param>
/// <param name="Until">When it is over, if that is known; UTC.</param>
public sealed record TaskReason(string Kind, string Text, DateTimeOffset? Until = null);

/// <summary>Why a task instance is not running, or ended as it did, as far as its run knows. The dispatcher knows the rest.</summary>
public static class TaskReasons
{
    private const int MostNamed = 5;

    public static IReadOnlyList<TaskReason> Of(DagRunState run, int instance)
    {
        var reasons = new List<TaskReason>();
        switch (run.StateOf(instance))
        {
            case TaskState.None:
                AddWaits(run, instance, reasons);
                break;
            case TaskState.Running or TaskState.Deferred when run.RestartedBy(instance) is { } by:
                reasons.Add(new("stopping", $"its attempt with {run.WorkerOf(instance)} is being stopped ({by.Sentence("cleared")}); it runs again when that has ended"));
                break;
            case TaskState.Running or TaskState.Deferred:
                reasons.Add(new("running", $"it is with {run.WorkerOf(instance)} since {Time(run.DispatchedAt(instance))}, try {run.TriesOf(instance)}"));
                break;
            case TaskState.UpForRetry:
                var left = run.SpecOf(instance).Retries + 1 - run.TriesSinceCleared(instance);
                reasons.Add(new("retry", $"try {run.TriesOf(instance)} failed or was lost; it is tried again at {Time(run.Due.Of(instance))}, {Count(Math.Max(0, left), "try", "tries")} left", run.Due.Of(instance)));
                break;
            case TaskState.AwaitingInput when run.QuestionOf(instance) is { } asked:
                reasons.Add(new("question", $"it asks a person since {Time(asked.At)}: {asked.Question.Subject}{(asked.Due is { } until ? $" (until {Time(until)})" : "")}", asked.Due));
                break;
            case TaskState.UpForReschedule:
                var timeout = run.FirstPokeOf(instance) + run.SpecOf(instance).Sensor?.Timeout;
                reasons.Add(new("poke", $"it pokes again at {Time(run.Due.Of(instance))}{(timeout is null ? "" : $" and times out at {Time(timeout)}")}", run.Due.Of(instance)));
                break;
            case TaskState.UpstreamFailed:
                reasons.Add(new("upstream", $"by its rule {Rule(run, instance)}, because of {Named(run, Upstreams(run, instance, state => state is TaskState.Failed or TaskState.UpstreamFailed))}"));
                break;
            case TaskState.Skipped when run.IsBarred(instance):
                reasons.Add(new("branch", $"{Named(run, run.BarredBy(instance))} decided that it is not to run"));
                break;
            case TaskState.Skipped when Upstreams(run, instance, state => state == TaskState.Skipped) is { Count: > 0 } skipped:
                reasons.Add(new("upstream", $"by its rule {Rule(run, instance)}, because of {Named(run, skipped)}"));
                break;
        }

        return reasons;
    }

    private static void AddWaits(DagRunState run, int instance, List<TaskReason> reasons)
    {
        if (run.Phase == RunState.Queued)
        {
            return; // its Dag knows why
        }

        var task = run.TaskOf(instance);
        var open = Upstreams(run, instance, state => !state.IsFinished());
        if (open.Count > 0)
        {
            reasons.Add(new("upstream", $"by its rule {Rule(run, instance)} it waits for {Named(run, open)}"));
        }

        var setups = new List<int>();
        foreach (var setup in run.Graph.IndirectSetups(task))
        {
            if (!run.StateOf(setup).IsFinished())
            {
                setups.Add(setup);
            }
        }

        if (setups.Count > 0)
        {
            reasons.Add(new("setup", $"it needs the setup of its scope: {Named(run, setups)}"));
        }

        if (run.Graph.ScopeOf(task) is { } scope && instance < run.Graph.Count)
        {
            var sources = scope.Map.Sources.Where(source => source.Task is { } producer && run.OpenOf(producer) > 0).Select(source => source.Task!.Value)
                .Concat(scope.Outside.Where(outside => run.OpenOf(outside) > 0)).Distinct().Except(open).ToList();
            if (sources.Count > 0)
            {
                reasons.Add(new("map", $"how many instances it has is known when {Named(run, sources)} {(sources.Count == 1 ? "has" : "have")} ended"));
            }
        }

        if (run.AwaitsPast(task))
        {
            var what = run.Graph.Spec.Tasks[task].WaitForDownstream ? "itself and what comes after it" : "itself";
            reasons.Add(new("past", $"it waits for {what} in the run before ({(run.Graph.Spec.Tasks[task].WaitForDownstream ? "wait_for_downstream" : "depends_on_past")})"));
        }
    }

    private static List<int> Upstreams(DagRunState run, int instance, Func<TaskState, bool> where)
    {
        var found = new List<int>();
        foreach (var before in SelectedTasks.Before(run, instance))
        {
            if (where(run.StateOf(before)))
            {
                found.Add(before);
            }
        }

        return found;
    }

    private static string Rule(DagRunState run, int instance) =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(run.SpecOf(instance).TriggerRule.ToString());

    private static string Named(DagRunState run, IReadOnlyList<int> instances) => instances.Count == 0
        ? "a task before it"
        : string.Join(", ", instances.Take(MostNamed).Select(instance => $"{run.NameOf(instance)} ({run.StateOf(instance).Name()})"))
            + (instances.Count > MostNamed ? $" and {instances.Count - MostNamed} more" : "");

    private static string Time(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture) ?? "an unknown time";

    private static string Count(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";
}
