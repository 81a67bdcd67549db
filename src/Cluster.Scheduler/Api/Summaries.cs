using Sluice.Cluster.Api;
using Sluice.Core.Assets;
using Sluice.Core.Backfills;
using Sluice.Core.Connections;
using Sluice.Core.CrossDag;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Api;

/// <summary>Rows of the read model in the API's form.</summary>
internal static class Summaries
{
    public static DagSummary Of(DagRow row) => new()
    {
        DagId = row.Id.Value,
        Schedule = row.Schedule,
        Paused = row.Paused,
        Active = row.Active,
        Version = row.Version,
        File = row.File,
        NextRunAfter = row.NextRunAfter,
        Description = row.Description,
        Tags = row.Tags,
        Owner = row.Owner,
        Problem = row.Problem,
        WaitsForAssets = row.Assets is { } assets ? new(assets.Expression, [.. assets.Assets.Select(one => new AssetWaitOf(one.Asset, one.Queued))]) : null,
    };

    public static IReadOnlyList<TaskSummary> TasksOf(DagSpec spec) =>
    [
        .. spec.Tasks.Select(task => new TaskSummary(
            task.Id.Value, task.Operator, [.. task.Upstream.Select(index => spec.Tasks[index].Id.Value)],
            SnakeCase(task.TriggerRule.ToString()), task.Retries, task.Pool, task.Queue, task.Priority)),
    ];

    public static RunSummary Of(DagRunRow row) => new()
    {
        DagId = row.Facts.Dag.Value,
        RunId = row.Facts.Id.Value,
        RunType = SnakeCase(row.Facts.Type.ToString()),
        State = SnakeCase(row.State.ToString()),
        LogicalDate = row.Facts.LogicalDate,
        DataIntervalStart = row.Facts.Interval.Start,
        DataIntervalEnd = row.Facts.Interval.End,
        QueuedAt = row.Facts.CreatedAt,
        StartedAt = row.StartedAt,
        EndedAt = row.EndedAt,
        Reason = row.Reason,
        BackfillId = row.Facts.Backfill,
        TriggeredBy = row.Facts.TriggeredBy is { } by ? RunTrigger.Show(by) : null,
        Conf = row.Facts.Conf == "{}" ? null : row.Facts.Conf,
        Version = row.Facts.Version,
        AssetEvents = row.Facts.AssetEvents is { } events ? [.. events.Select(Of)] : null,
        Deadlines = row.Deadlines is { Count: > 0 } deadlines ? [.. deadlines.Select(one => new DeadlineSummary(one.Name, one.Due, one.State, one.MissedAt))] : null,
    };

    public static AssetEventSummary Of(AssetEvent happened) => new()
    {
        Id = happened.Id,
        Asset = happened.Asset,
        Alias = happened.Alias,
        At = happened.At,
        Extra = happened.Extra == "{}" ? null : happened.Extra,
        SourceDagId = happened.SourceDag,
        SourceRunId = happened.SourceRun,
        SourceTaskId = happened.SourceTask,
        By = happened.By,
    };

    /// <param name="row">The attempt.</param>
    /// <param name="jobs">What the run's attempts started in services, by token: an attempt goes on with what an earlier one of its try has started.</param>
    public static TaskAttemptSummary Of(TaskInstanceRow row, IReadOnlyList<RemoteJobRow> jobs) =>
        row.Worker is not null && jobs.LastOrDefault(job => job.Task == row.Task && job.TryNumber == row.TryNumber && job.Token <= row.Token) is { Job: var job, At: var at }
            ? Of(row) with { RemoteJob = new(job.Service, job.Id, job.Name, job.ConnectionId, at) }
            : Of(row);

    public static TaskAttemptSummary Of(TaskInstanceRow row) => new()
    {
        TaskId = row.Task.Value,
        MapIndex = DagRunState.MapIndexIn(row.Task.Value) is >= 0 and var index ? index : null,
        State = row.State.Name(),
        TryNumber = row.TryNumber,
        Token = row.Token,
        Worker = row.Worker,
        QueuedAt = row.QueuedAt,
        StartedAt = row.StartedAt,
        EndedAt = row.EndedAt,
        DueAt = row.DueAt,
        Error = row.Error,
    };

    public static IReadOnlyList<TaskAttemptSummary> LatestOf(DagSpec spec, IReadOnlyList<TaskInstanceRow> attempts)
    {
        var latest = new Dictionary<TaskId, TaskInstanceRow>();
        foreach (var attempt in attempts)
        {
            latest[attempt.Task] = attempt;
        }

        return
        [
            .. spec.Tasks.SelectMany(task => InstancesOf(task, latest)),
        ];
    }

    /// <summary>A mapped task shows its instances once it is expanded, in their order.</summary>
    private static IEnumerable<TaskAttemptSummary> InstancesOf(TaskSpec task, Dictionary<TaskId, TaskInstanceRow> latest)
    {
        if (task.Map is not null)
        {
            var first = latest.GetValueOrDefault(DagRunState.NameOf(task.Id, 0));
            for (var index = 0; first is not null; first = latest.GetValueOrDefault(DagRunState.NameOf(task.Id, ++index)))
            {
                yield return Of(first);
            }

            if (latest.ContainsKey(DagRunState.NameOf(task.Id, 0)))
            {
                yield break;
            }
        }

        yield return latest.TryGetValue(task.Id, out var row)
            ? Of(row)
            : new() { TaskId = task.Id.Value, State = TaskState.None.Name(), TryNumber = 0, Token = 0 };
    }

    public static CallbackSummary Of(CallbackRow row) => new()
    {
        EventId = Callbacks.CallbackRows.EventIdOf(row.Key),
        Event = row.Event,
        Notifier = row.Notifier,
        TaskId = row.Task?.Value,
        TryNumber = row.TryNumber,
        Deadline = row.Deadline,
        Why = row.Why,
        State = row.State,
        Worker = row.Worker,
        HandedOut = row.HandedOut,
        RaisedAt = row.RaisedAt,
        EndedAt = row.EndedAt,
        Error = row.Error,
    };

    public static BackfillSummary Of(BackfillRow row, DateTimeOffset now) => new()
    {
        BackfillId = row.Id,
        DagId = row.Dag.Value,
        Start = row.Range.Start,
        End = row.Range.End,
        MaxActiveRuns = row.Options.MaxActiveRuns,
        State = row.State,
        Order = SnakeCase(row.Options.Order.ToString()),
        Reprocess = SnakeCase(row.Options.Reprocess.ToString()),
        Conf = row.Options.Conf == "{}" ? null : row.Options.Conf,
        Connections = ConnectionOverrides.Read(row.Options.Connections),
        Version = row.Options.Version,
        Intervals = row.Intervals,
        Skipped = Math.Max(0, row.Intervals - row.Total),
        Total = row.Total,
        Active = row.Active,
        Succeeded = row.Succeeded,
        Failed = row.Failed,
        RatePerSecond = row.State == "running" ? row.Pace?.RateAt(now) : null,
        EtaSeconds = row.State == "running" ? row.Pace?.LeftAt(now, row.Total - row.Succeeded - row.Failed)?.TotalSeconds : null,
        CreatedAt = row.Made.At,
        CreatedBy = row.Made.By,
        Note = row.Made.Note,
        ChangedBy = row.Changed?.By,
        ChangedAt = row.Changed?.At,
        ChangedNote = row.Changed?.Note,
        EndedAt = row.EndedAt,
    };

    public static QuestionSummary Of(AskedQuestion asked)
    {
        var (row, question) = (asked.Row, asked.Row.Question);
        return new()
        {
            DagId = asked.Dag.Value,
            RunId = asked.Run.Value,
            TaskId = row.Task.Value,
            State = SnakeCase(row.State.ToString()),
            Subject = question.Subject,
            Body = question.Body,
            Options = question.Options,
            Defaults = question.Defaults,
            Multiple = question.Multiple,
            Params = question.Params == "{}" ? null : question.Params,
            ParamsSchema = question.ParamsSchema,
            AssignedUsers = question.Assignees,
            LogicalDate = asked.LogicalDate,
            AskedAt = row.AskedAt,
            DueAt = row.DueAt,
            AnsweredAt = row.Answer?.At,
            AnsweredBy = row.Answer?.By,
            ChosenOptions = row.Answer?.Options,
            ParamsInput = row.Answer is null or { Params: "{}" } ? null : row.Answer.Params,
            Note = row.Answer?.Note,
        };
    }

    public static BackfillInterval Of(BackfillStep step) =>
        new(step.Interval.Start, step.Interval.End, SnakeCase(step.Action.ToString()), step.Run?.Value, step.Why);

    public static RunChangeSummary Of(DagRuns.RunChange change, DagRunRow run) => new(
        run.Facts.Id.Value,
        run.Facts.LogicalDate,
        SnakeCase((change.Refusal is null ? change.Before : run.State).ToString()),
        SnakeCase((change.Refusal is null ? change.After : run.State).ToString()),
        [.. change.Tasks.Select(task => new TaskChangeSummary(task.Task.Value, task.From.Name(), task.To.Name(), task.Stops, task.IsNew))],
        change.Refusal)
    {
        VersionBefore = change.Versions?.Before,
        VersionAfter = change.Versions?.After,
    };

    public static string SnakeCase(string name) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
