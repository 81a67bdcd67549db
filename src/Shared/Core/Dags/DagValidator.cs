using System.Text.Json;
using Sluice.Core.Assets;
using Sluice.Core.Schedules;

namespace Sluice.Core.Dags;

/// <summary>Finds everything that is wrong with a Dag, so that its author can mend it in one go. Pure.</summary>
public static class DagValidator
{
    private const int MaxIdLength = 250;

    /// <summary>All problems, those of the Dag first, then its tasks in order of definition, then cycles; empty when the Dag may be used.</summary>
    /// <remarks>A Dag over the limit of tasks is told that alone about them: its author has a loop to mend, not thousands of lines to read.</remarks>
    public static IReadOnlyList<DagProblem> Validate(DagSpec dag, DagLimits limits)
    {
        var problems = new List<DagProblem>();
        CheckDag(dag, problems);
        if (dag.Tasks.Count > limits.MaxTasks)
        {
            problems.Add(new(
                $"Dag \"{dag.Id}\" has {dag.Tasks.Count} tasks, more than the limit of {limits.MaxTasks}; split it into several Dags.", dag.Location));
            return problems;
        }

        CheckTaskIds(dag, problems);
        foreach (var task in dag.Tasks)
        {
            CheckTask(dag, task, problems);
        }

        foreach (var cycle in DagCycles.Find(dag.Tasks))
        {
            problems.Add(new(
                $"Dag \"{dag.Id}\" has a cycle: {string.Join(" -> ", cycle.Append(cycle[0]).Select(index => dag.Tasks[index].Id))}; take out one of these dependencies.",
                dag.Tasks[cycle[0]].Location ?? dag.Location));
        }

        if (problems.Count == 0)
        {
            problems.AddRange(FlowValidator.OfGroups(dag).Select(found => new DagProblem(
                $"Task \"{found.Task.Id}\" in Dag \"{dag.Id}\": {found.Problem}.", found.Task.Location ?? dag.Location)));
        }

        return problems;
    }

    private static void CheckDag(DagSpec dag, List<DagProblem> problems)
    {
        void Add(string message) => problems.Add(new(message, dag.Location));

        if (IdProblem(dag.Id.Value) is { } idProblem)
        {
            Add($"Dag id \"{dag.Id}\" {idProblem}.");
        }

        if (dag.RenamedFrom is { } former && (former == dag.Id ? "is the id that it has" : IdProblem(former.Value)) is { } formerProblem)
        {
            Add($"Dag \"{dag.Id}\": renamed_from \"{former}\" {formerProblem}.");
        }

        foreach (var (task, problem) in AssetRules.Problems(dag))
        {
            problems.Add(new($"{(task is null ? $"Dag \"{dag.Id}\"" : $"Task \"{task.Id}\" in Dag \"{dag.Id}\"")}: {problem}.", task?.Location ?? dag.Location));
        }

        foreach (var problem in Timetable.Problems(dag.Schedule, dag.TimeZone, dag.StartDate, dag.EndDate))
        {
            Add($"Dag \"{dag.Id}\": {problem}");
        }

        if (dag.Schedule.Clock is not (null or CronTriggerSchedule) && DagDates.Start(dag) is null)
        {
            Add($"Dag \"{dag.Id}\" has a schedule but no start date; give it a start date, or the schedule none. Only ticks (Schedule.At, YAML at) go without one.");
        }

        if (dag.MaxActiveRuns < 1)
        {
            Add($"Dag \"{dag.Id}\": max active runs is {dag.MaxActiveRuns}; it must be at least 1.");
        }

        if (dag.Schedule.Clock is ContinuousSchedule && dag.MaxActiveRuns != 1)
        {
            Add($"Dag \"{dag.Id}\" is continuous, but max active runs is {dag.MaxActiveRuns}; it must be 1, since each run starts where the one before ended.");
        }

        if (dag.DagRunTimeout <= TimeSpan.Zero)
        {
            Add($"Dag \"{dag.Id}\": dag run timeout is {dag.DagRunTimeout}; it must be positive, or left out for no limit.");
        }

        foreach (var problem in DagRuns.Deadlines.Problems(dag.Deadlines ?? []))
        {
            Add($"Dag \"{dag.Id}\": {problem}.");
        }

        if (dag.CallbackTimeout <= TimeSpan.Zero)
        {
            Add($"Dag \"{dag.Id}\": callback timeout is {dag.CallbackTimeout}; it must be positive, or left out for {Callbacks.CallbackSpec.DefaultTimeout}.");
        }

        if (dag.MaxActiveTasks < 1)
        {
            Add($"Dag \"{dag.Id}\": max active tasks is {dag.MaxActiveTasks}; it must be at least 1, or left out for no limit.");
        }

        if (dag.MaxActiveTasksPerRun < 1)
        {
            Add($"Dag \"{dag.Id}\": max active tasks per run is {dag.MaxActiveTasksPerRun}; it must be at least 1, or left out for no limit.");
        }

        if (dag.MaxMapLength < 1)
        {
            Add($"Dag \"{dag.Id}\": max map length is {dag.MaxMapLength}; it must be at least 1, or left out for {MapSpec.DefaultMaxLength}.");
        }

        if (JsonObjectProblem(dag.Params) is { } jsonProblem)
        {
            Add($"Dag \"{dag.Id}\": its params {jsonProblem}; give a JSON object such as {{\"region\": \"seoul\"}}.");
        }

        foreach (var problem in Params.ParamRules.Problems(dag))
        {
            Add($"Dag \"{dag.Id}\": {problem}");
        }

        if (dag.Tasks.Count == 0)
        {
            Add($"Dag \"{dag.Id}\" has no tasks; define at least one.");
        }
    }

    private static void CheckTaskIds(DagSpec dag, List<DagProblem> problems)
    {
        var first = new Dictionary<TaskId, TaskSpec>();
        foreach (var task in dag.Tasks)
        {
            if (IdProblem(task.Id.Value) is { } idProblem)
            {
                problems.Add(new($"Task id \"{task.Id}\" in Dag \"{dag.Id}\" {idProblem}.", task.Location ?? dag.Location));
            }

            if (!first.TryAdd(task.Id, task))
            {
                var where = first[task.Id].Location is { } location ? $" (first at line {location.Line})" : "";
                problems.Add(new($"Task \"{task.Id}\" is defined twice in Dag \"{dag.Id}\"{where}; give one of them another id.", task.Location ?? dag.Location));
            }
        }

        var heirs = new Dictionary<TaskId, TaskId>();
        foreach (var task in dag.Tasks)
        {
            if (task.RenamedFrom is { } former
                && (former == task.Id ? "is the id that it has"
                    : first.ContainsKey(former) ? "is a task of the Dag, too; a task that is there keeps its history"
                    : !heirs.TryAdd(former, task.Id) ? $"is said by task \"{heirs[former]}\", too; its history goes to one of them"
                    : IdProblem(former.Value)) is { } problem)
            {
                problems.Add(new($"Task \"{task.Id}\" in Dag \"{dag.Id}\": renamed_from \"{former}\" {problem}.", task.Location ?? dag.Location));
            }
        }
    }

    private static void CheckTask(DagSpec dag, TaskSpec task, List<DagProblem> problems)
    {
        void Add(string message) => problems.Add(new($"Task \"{task.Id}\" in Dag \"{dag.Id}\": {message}.", task.Location ?? dag.Location));

        if (task.Upstream.Any(index => index < 0 || index >= dag.Tasks.Count))
        {
            Add("depends on a task that its Dag does not have; depend on tasks of the same Dag");
        }

        for (var i = 1; i < task.Upstream.Count; i++)
        {
            if (task.Upstream[i - 1] >= task.Upstream[i])
            {
                Add("its upstream indices are not ascending without repeats; sort them");
                break;
            }
        }

        if (string.IsNullOrWhiteSpace(task.Operator))
        {
            Add("has no operator; name one");
        }

        if (JsonObjectProblem(task.Arguments) is { } jsonProblem)
        {
            Add($"its arguments {jsonProblem}; give a JSON object");
        }

        if (task.Retries < 0)
        {
            Add($"retries is {task.Retries}; it must not be negative");
        }

        if (task.RetryDelay < TimeSpan.Zero)
        {
            Add($"retry delay is {task.RetryDelay}; it must not be negative");
        }

        if (task.MaxRetryDelay < TimeSpan.Zero)
        {
            Add($"max retry delay is {task.MaxRetryDelay}; it must not be negative");
        }

        if (task.ExecutionTimeout <= TimeSpan.Zero)
        {
            Add($"execution timeout is {task.ExecutionTimeout}; it must be positive, or left out for no limit");
        }

        if (task.EndDate < task.StartDate)
        {
            Add($"its end date {task.EndDate:yyyy-MM-ddTHH:mm:sszzz} is before its start date {task.StartDate:yyyy-MM-ddTHH:mm:sszzz}");
        }

        if (string.IsNullOrWhiteSpace(task.Pool))
        {
            Add("has no pool; name one, or leave it at default_pool");
        }

        if (task.PoolSlots < 1)
        {
            Add($"pool slots is {task.PoolSlots}; it must be at least 1");
        }

        if (string.IsNullOrWhiteSpace(task.Queue))
        {
            Add("has no queue; name one, or leave it at default");
        }

        foreach (var problem in FlowValidator.Problems(dag, task))
        {
            Add(problem);
        }

        if (task.KeepsWatermark && task.MaxActive != 1 && !task.DependsOnPast && !task.WaitForDownstream && dag.MaxActiveRuns != 1)
        {
            Add("keeps a watermark, and may run for two runs at once, which would read the same rows; set max_active_tis_per_dag or max_active_runs to 1, or depends_on_past");
        }

        if (task.Sensor is { PokeInterval: var interval } && interval <= TimeSpan.Zero)
        {
            Add($"poke interval is {interval}; it must be positive");
        }

        if (task.Sensor is { Timeout: var timeout } && timeout <= TimeSpan.Zero)
        {
            Add($"sensor timeout is {timeout}; it must be positive");
        }

        if (task.Sensor is { SoftFail: true, NeverFail: true })
        {
            Add("has both soft_fail and never_fail; never_fail skips whatever goes wrong, so leave out soft_fail");
        }

        if (task.Sensor is { MaxWait: var longest } && longest <= TimeSpan.Zero)
        {
            Add($"max wait is {longest}; it must be positive, or left out for no limit");
        }

        if (task.Sensor is { MaxWait: not null, ExponentialBackoff: false })
        {
            Add("has a max wait, but its gaps do not grow; set exponential_backoff, or leave out max_wait");
        }
    }

    // Ids end up in paths and addresses: plain ASCII, and never a step to another folder.
    /// <summary>What is wrong with an id, such as <c>is empty; give it a name</c>; null when all is well.</summary>
    public static string? IdProblem(string id) =>
        id.Length == 0 ? "is empty; give it a name"
        : id.Length > MaxIdLength ? $"is {id.Length} characters long; use at most {MaxIdLength}"
        : id.FirstOrDefault(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.')) is var illegal and not '\0'
            ? $"holds '{illegal}'; use only letters (a-z, A-Z), digits, '_', '-' and '.'"
        : id.All(c => c == '.') ? "is nothing but dots; use a letter or digit too"
        : null;

    private static string? JsonObjectProblem(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? null : $"are {Article(document.RootElement.ValueKind)}, not a JSON object";
        }
        catch (JsonException e)
        {
            return $"are not valid JSON (line {e.LineNumber + 1}, position {e.BytePositionInLine + 1})";
        }
    }

    private static string Article(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };
}
