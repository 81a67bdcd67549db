using System.Text.Json.Serialization;
using Sluice.Core.Schedules;

namespace Sluice.Core.Dags;

/// <summary>A Dag as data: what the scheduler and the workers know of it. No user code hangs on it.</summary>
/// <remarks>Built by Authoring, checked by DagValidator, addressed by DagVersion.</remarks>
public sealed record DagSpec
{
    public required DagId Id { get; init; }

    /// <summary>The id that it had before, whose history is its own. Left out of the version: once it has happened it says nothing.</summary>
    public DagId? RenamedFrom { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string? Owner { get; init; }

    public Schedule Schedule { get; init; } = Schedule.None;

    /// <summary>First logical date that may run, UTC. Required by every schedule but none.</summary>
    public DateTimeOffset? StartDate { get; init; }

    /// <summary>Last logical date that may run (it bounds the interval's start, inclusively), UTC.</summary>
    public DateTimeOffset? EndDate { get; init; }

    /// <summary>Zone in which cron fields are read: a tz database id such as <c>Asia/Seoul</c>.</summary>
    public string TimeZone { get; init; } = "UTC";

    public CatchupMode Catchup { get; init; } = CatchupMode.Latest;

    /// <summary>Runs of this Dag that may be running at once; further ones wait as queued. Backfills have a limit of their own.</summary>
    public int MaxActiveRuns { get; init; } = 16;

    /// <summary>Task instances of this Dag that may hold slots at once over all its runs; null: only pools and slots limit them.</summary>
    public int? MaxActiveTasks { get; init; }

    /// <summary>Task instances of one run that may hold slots at once; null: only the Dag's limit counts.</summary>
    public int? MaxActiveTasksPerRun { get; init; }

    /// <summary>The first task that fails ends the run: what runs is stopped, what waits is skipped; teardowns still run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool FailFast { get; init; }

    /// <summary>Most instances that one mapped task or group may have; null: <see cref="MapSpec.DefaultMaxLength"/>.</summary>
    public int? MaxMapLength { get; init; }

    /// <summary>Limit of one run, from its start (not from when it was queued): then it fails and what has not ended is skipped. Null: none.</summary>
    public TimeSpan? DagRunTimeout { get; init; }

    /// <summary>Moments by which runs should be over. Null: none.</summary>
    public IReadOnlyList<DagRuns.DeadlineSpec>? Deadlines { get; init; }

    /// <summary>Callbacks of runs: success, failure, missed deadlines. Null: none.</summary>
    public IReadOnlyList<Callbacks.CallbackSpec>? Callbacks { get; init; }

    /// <summary>Columns tagged as personal: extracts of this Dag may let them leave masked or not at all. Null: none.</summary>
    public IReadOnlyList<string>? PersonalColumns { get; init; }

    /// <summary>Limit of one callback of the Dag or of its tasks; null: <see cref="Core.Callbacks.CallbackSpec.DefaultTimeout"/>.</summary>
    public TimeSpan? CallbackTimeout { get; init; }

    /// <summary>Default params as a JSON object; a run's conf overrides them by key.</summary>
    public string Params { get; init; } = "{}";

    /// <summary>JSON object of one JSON Schema for each param that has one; null: none has. Checked before a run exists.</summary>
    public string? ParamsSchema { get; init; }

    /// <summary>In the order of definition. A task is addressed by its index here.</summary>
    public required IReadOnlyList<TaskSpec> Tasks { get; init; }

    /// <summary>Template files that its tasks use, text by name: workers need no folder. Null for none.</summary>
    public IReadOnlyDictionary<string, string>? TemplateFiles { get; init; }

    /// <summary>Where the Dag was defined. Left out of the version: moving lines is not a change.</summary>
    public SourceLocation? Location { get; init; }
}

/// <summary>One task as data.</summary>
public sealed record TaskSpec
{
    public required TaskId Id { get; init; }

    /// <summary>The id that it had before, whose history is its own. Left out of the version: once it has happened it says nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TaskId? RenamedFrom { get; init; }

    /// <summary>The id by which the code of this version knows it, for a task that was renamed after that; null: <see cref="Id"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TaskId? CodeId { get; init; }

    /// <summary>Registered operator name, such as <c>SqlToS3Operator</c>; for user code the class name or <c>Code</c>.</summary>
    public required string Operator { get; init; }

    public TaskHost Host { get; init; } = TaskHost.Worker;

    /// <summary>The operator's properties as a JSON object, templates unrendered. <c>{}</c> for code.</summary>
    public string Arguments { get; init; } = "{}";

    /// <summary>Indices of the direct upstream tasks in <see cref="DagSpec.Tasks"/>, ascending, without repeats.</summary>
    public IReadOnlyList<int> Upstream { get; init; } = [];

    public TaskInstances.TriggerRule TriggerRule { get; init; } = TaskInstances.TriggerRule.AllSuccess;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public TaskKind Kind { get; init; }

    /// <summary>For a teardown: its failure fails the run, like that of any other last task.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OnFailureFailDagRun { get; init; }

    /// <summary>Waits until the same task of the previous run has succeeded or was skipped.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool DependsOnPast { get; init; }

    /// <summary>Waits for the direct downstreams of the same task in the previous run, too; implies <see cref="DependsOnPast"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool WaitForDownstream { get; init; }

    /// <summary>Each property of what it returns is pushed under its own name, too.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool MultipleOutputs { get; init; }

    /// <summary>The engine keeps a mark of what it has read: the next run goes on from there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool KeepsWatermark { get; init; }

    /// <summary>Set for a task that becomes several instances when the run comes to it.</summary>
    public MapSpec? Map { get; init; }

    /// <summary>Attempts after the first.</summary>
    public int Retries { get; init; }

    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The delay doubles with each attempt, with deterministic jitter (semantics: between 1 and 2 times the base).</summary>
    public bool RetryExponentialBackoff { get; init; }

    /// <summary>By what the delay grows with each attempt; 0: by 2 with <see cref="RetryExponentialBackoff"/>, else not at all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double RetryBackoffMultiplier { get; init; }

    public TimeSpan? MaxRetryDelay { get; init; }

    /// <summary>What to do by type of exception, first match first; null: every failure is retried while retries are left.</summary>
    public IReadOnlyList<RetryRule>? RetryPolicy { get; init; }

    /// <summary>
    /// Limit of one attempt; running over it is an ordinary, retryable failure. For a sensor that gives its slot back it bounds each poke, since the
    /// wait in between is no execution: its <see cref="SensorSpec.Timeout"/> bounds the whole.
    /// </summary>
    public TimeSpan? ExecutionTimeout { get; init; }

    public string Pool { get; init; } = "default_pool";

    public int PoolSlots { get; init; } = 1;

    /// <summary>Only workers that serve this queue take the task.</summary>
    public string Queue { get; init; } = "default";

    /// <summary>Higher goes first.</summary>
    public int Priority { get; init; } = 1;

    /// <summary>Whose priorities count for the task; null is <see cref="Dags.WeightRule.Downstream"/>.</summary>
    public WeightRule? WeightRule { get; init; }

    /// <summary>Instances of this task that may hold slots at once over all runs; null for no limit.</summary>
    public int? MaxActive { get; init; }

    /// <summary>Instances of this task that may hold slots at once in one run; null for no limit.</summary>
    public int? MaxActivePerRun { get; init; }

    public string? Owner { get; init; }

    /// <summary>Null: none.</summary>
    public IReadOnlyList<Callbacks.CallbackSpec>? Callbacks { get; init; }

    /// <summary>Assets that it has updated when it succeeds. Null for none.</summary>
    public IReadOnlyList<Assets.NamedAsset>? Outlets { get; init; }

    /// <summary>Assets whose events it may look at. Null for none.</summary>
    public IReadOnlyList<Assets.NamedAsset>? Inlets { get; init; }

    /// <summary>First logical date that the task is part of, UTC; a run of an earlier date goes without it. Null: the Dag's dates alone count.</summary>
    public DateTimeOffset? StartDate { get; init; }

    /// <summary>Last logical date that the task is part of, inclusively, UTC.</summary>
    public DateTimeOffset? EndDate { get; init; }

    /// <summary>Set for sensors only.</summary>
    public SensorSpec? Sensor { get; init; }

    /// <summary>Left out of the version.</summary>
    public SourceLocation? Location { get; init; }
}

/// <summary>What part a task has in its Dag (semantics.md, 5).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TaskKind>))]
public enum TaskKind
{
    Work,

    /// <summary>Makes what the tasks between it and its teardowns need.</summary>
    Setup,

    /// <summary>Takes away what its setups made, whatever became of the work between.</summary>
    Teardown,
}

/// <summary>What to do when an attempt ends with an exception of a type.</summary>
/// <param name="Exception">Name of the type, with or without its namespace; types that derive from it match, too. <c>*</c> matches all.</param>
/// <param name="Action">What to do.</param>
/// <param name="Delay">For <see cref="RetryAction.Retry"/>: wait so long instead of the task's own delay.</param>
public sealed record RetryRule(string Exception, RetryAction Action, TimeSpan? Delay = null);

[JsonConverter(typeof(JsonStringEnumConverter<RetryAction>))]
public enum RetryAction
{
    /// <summary>Retry while retries are left.</summary>
    Retry,

    /// <summary>Fail now.</summary>
    Fail,

    /// <summary>Skip now.</summary>
    Skip,
}

/// <summary>Who runs a task: a built-in operator inside the worker, or user code in a runner process.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TaskHost>))]
public enum TaskHost
{
    Worker,
    Runner,
}

/// <summary>How a sensor waits.</summary>
public sealed record SensorSpec
{
    public SensorMode Mode { get; init; } = SensorMode.Poke;

    /// <summary>Gap between pokes.</summary>
    public TimeSpan PokeInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Counts from the first poke, across reschedules and retries; running over it fails without retry.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromDays(7);

    /// <summary>A timeout skips instead of failing.</summary>
    public bool SoftFail { get; init; }

    /// <summary>Whatever goes wrong skips instead of failing, and is not retried; not together with <see cref="SoftFail"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NeverFail { get; init; }

    /// <summary>A poke that throws is logged and counts as not yet.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool SilentFail { get; init; }

    /// <summary>Gaps between pokes double from half of <see cref="PokeInterval"/> on (<see cref="TaskInstances.PokeGaps"/>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ExponentialBackoff { get; init; }

    /// <summary>Longest gap with <see cref="ExponentialBackoff"/>; null: the timeout alone bounds it.</summary>
    public TimeSpan? MaxWait { get; init; }

    /// <summary>Its part in a Dag that watches an asset; null for any other sensor.</summary>
    public WatchPart? Watch { get; init; }
}

/// <summary>A watcher has two sensors, which poke the same: what one of them has seen is in the journal before the other begins.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WatchPart>))]
public enum WatchPart
{
    /// <summary>Waits until what was last told of is over: the condition no longer holds, or holds for something else.</summary>
    Rest,

    /// <summary>Waits until the condition holds; the asset is its outlet.</summary>
    Watch,
}

[JsonConverter(typeof(JsonStringEnumConverter<SensorMode>))]
public enum SensorMode
{
    /// <summary>Holds its slot from the first poke to the last.</summary>
    Poke,

    /// <summary>Gives its slot back between pokes.</summary>
    Reschedule,

    /// <summary>Pokes on the worker's event loop, without a slot.</summary>
    Async,
}

/// <summary>A place in a Dag file. Lines and columns count from 1.</summary>
public sealed record SourceLocation(string File, int Line);
