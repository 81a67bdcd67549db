using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Authoring.Operators;

/// <summary>Chooses which of the tasks after it run, by a template. In C# see also <c>dag.Branch</c>.</summary>
public sealed class BranchOperator : Operator
{
    /// <summary>Ids of the tasks and groups to go on with, with commas between them; empty skips all that is directly after it.</summary>
    [Templated]
    public string Follow { get; set; } = "";

    /// <inheritdoc/>
    public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var ids = Follow.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        context.Log(ids.Length == 0 ? "Goes on with nothing." : $"Goes on with {string.Join(", ", ids)}.");
        context.Follow(ids);
        return ValueTask.FromResult<object?>(null);
    }
}

/// <summary>Skips what comes after it when a template says no. In C# see also <c>dag.ShortCircuit</c>.</summary>
public sealed class ShortCircuitOperator : Operator
{
    private static readonly HashSet<string> No = new(StringComparer.OrdinalIgnoreCase) { "", "false", "0", "no", "off", "none", "null", "[]", "{}" };

    /// <summary>Goes on unless it renders to nothing, false, 0, no, off, none, null, [] or {}.</summary>
    [Templated]
    public string Condition { get; set; } = "";

    /// <summary>True: only what is directly after it is skipped, the rest goes by its trigger rules.</summary>
    public bool RespectTriggerRules { get; set; }

    /// <inheritdoc/>
    public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        if (No.Contains(Condition.Trim()))
        {
            context.Log($"The condition is '{Condition.Trim()}': skips what comes after.");
            context.SkipDownstream(directOnly: RespectTriggerRules);
        }

        return ValueTask.FromResult<object?>(null);
    }
}

/// <summary>Skips what is directly after it unless this is the run of the latest interval. Runs that people trigger always go on.</summary>
public sealed class LatestOnlyOperator : Operator
{
    /// <inheritdoc/>
    public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        if (!IsLatest(context.Run, context.Dag, context.Time.GetUtcNow()))
        {
            context.Log("A later interval is over: skips what comes after.");
            context.SkipDownstream(directOnly: true);
        }

        return ValueTask.FromResult<object?>(null);
    }

    /// <summary>Whether now lies in the interval after the run's, its end included (semantics.md, 5).</summary>
    /// <remarks>The worker's clock may be behind that of the scheduler, which made the run when its interval was over: then it is over here, too.</remarks>
    internal static bool IsLatest(RunFacts run, DagSpec dag, DateTimeOffset now)
    {
        if (!run.Type.IsOfInterval())
        {
            return true;
        }

        var present = now > run.CreatedAt ? now : run.CreatedAt;
        return DagDates.Timetable(dag with { Catchup = CatchupMode.All }).Next(run.Interval, present) is not { } next
            || (present >= run.Interval.End && present <= next.RunAfter);
    }
}
