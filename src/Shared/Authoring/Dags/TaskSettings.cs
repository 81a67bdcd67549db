using Sluice.Authoring.Callbacks;
using Sluice.Core.Callbacks;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Dags;

/// <summary>How a task is run. What is null comes from the group's defaults, then the Dag's, then from what stands here as default.</summary>
public abstract class TaskSettings
{
    private protected TaskSettings()
    {
    }

    internal Dictionary<CallbackTrigger, List<Notifier>> Callbacks { get; } = [];

    /// <summary>Who answers for it. Default: nobody.</summary>
    public string? Owner { get; set; }

    /// <summary>Attempts after the first. Default: 0.</summary>
    public int? Retries { get; set; }

    /// <summary>Wait between the end of a failed attempt and the next one. Default: 5 minutes.</summary>
    public TimeSpan? RetryDelay { get; set; }

    /// <summary>The delay doubles with each attempt, with jitter. Default: false.</summary>
    public bool? RetryExponentialBackoff { get; set; }

    /// <summary>By what the delay grows with each attempt, with jitter; at least 1. Default: 2 with <see cref="RetryExponentialBackoff"/>, else it does not grow.</summary>
    public double? RetryBackoffMultiplier { get; set; }

    /// <summary>What to do by type of exception; the first rule that matches counts. Default: every failure is retried while retries are left.</summary>
    public IReadOnlyList<RetryRule>? RetryPolicy { get; set; }

    /// <summary>Upper bound of a delay that grows. Default: 24 hours.</summary>
    public TimeSpan? MaxRetryDelay { get; set; }

    /// <summary>Limit of one attempt; running over it is a failure like others and is retried. Default: none.</summary>
    public TimeSpan? ExecutionTimeout { get; set; }

    /// <summary>First logical date that it is part of; runs of earlier dates go without it. Default: the Dag's dates alone count.</summary>
    public Date? StartDate { get; set; }

    /// <summary>Last logical date that it is part of, inclusively. Default: the Dag's dates alone count.</summary>
    public Date? EndDate { get; set; }

    /// <summary>Pool whose slots it takes while it runs. Default: <c>default_pool</c>.</summary>
    public string? Pool { get; set; }

    /// <summary>Slots of the pool that it takes. Default: 1.</summary>
    public int? PoolSlots { get; set; }

    /// <summary>Only workers that serve this queue take it. Default: <c>default</c>.</summary>
    public string? Queue { get; set; }

    /// <summary>Instances of it that may hold slots at once, over all runs. Default: as many as pools and slots allow.</summary>
    public int? MaxActive { get; set; }

    /// <summary>Instances of it that may hold slots at once in one run. Default: as many as pools and slots allow.</summary>
    public int? MaxActivePerRun { get; set; }

    /// <summary>Waits until the same task of the previous run has succeeded or was skipped. Default: false.</summary>
    public bool? DependsOnPast { get; set; }

    /// <summary>Waits for the direct downstreams of the same task in the previous run, too. Default: false.</summary>
    public bool? WaitForDownstream { get; set; }

    /// <summary>Higher goes first among tasks that are ready. Default: 1.</summary>
    public int? Priority { get; set; }

    /// <summary>Whose priorities count for a task's place. Default: its own and those of all tasks after it.</summary>
    public WeightRule? WeightRule { get; set; }
}

/// <summary>Settings for every task of a Dag or group that does not say otherwise.</summary>
public sealed class TaskDefaults : TaskSettings;
