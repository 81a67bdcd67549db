using System.Text.Json;
using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.HumanInput;
using Sluice.Storage.Sql;

namespace Sluice.Storage.ReadModel;

/// <summary>The tables behind <see cref="ReadModelChange"/>. The queries over them: <see cref="SqlReadModel"/>.</summary>
internal static class ReadModelTables
{
    public static RowTable<TaskInstanceRow> TaskInstances { get; } = new("task_instance", ["run_key", "task_id", "token"], OnConflict.Update,
    [
        new LongColumn<TaskInstanceRow>("run_key", row => row.Run),
        new TextColumn<TaskInstanceRow>("task_id", row => row.Task.Value),
        new IntColumn<TaskInstanceRow>("token", row => row.Token),
        new IntColumn<TaskInstanceRow>("try_number", row => row.TryNumber),
        new SmallColumn<TaskInstanceRow>("state", row => (short)row.State),
        new TextColumn<TaskInstanceRow>("worker", row => row.Worker),
        new TimeColumn<TaskInstanceRow>("queued_at", row => row.QueuedAt),
        new TimeColumn<TaskInstanceRow>("started_at", row => row.StartedAt),
        new TimeColumn<TaskInstanceRow>("ended_at", row => row.EndedAt),
        new TimeColumn<TaskInstanceRow>("due_at", row => row.DueAt),
        new TextColumn<TaskInstanceRow>("error", row => row.Error),
    ]);

    public static RowTable<DagRunRow> DagRuns { get; } = new("dag_run", ["run_key"], OnConflict.Update,
    [
        new LongColumn<DagRunRow>("run_key", row => row.Facts.Key),
        new TextColumn<DagRunRow>("dag_id", row => row.Facts.Dag.Value),
        new TextColumn<DagRunRow>("run_id", row => row.Facts.Id.Value),
        new SmallColumn<DagRunRow>("type", row => (short)row.Facts.Type),
        new SmallColumn<DagRunRow>("state", row => (short)row.State),
        new TimeColumn<DagRunRow>("interval_start", row => row.Facts.Interval.Start),
        new TimeColumn<DagRunRow>("interval_end", row => row.Facts.Interval.End),
        new TextColumn<DagRunRow>("version", row => row.Facts.Version),
        new TextColumn<DagRunRow>("bundle", row => row.Facts.Bundle),
        new TextColumn<DagRunRow>("conf", row => row.Facts.Conf),
        new TextColumn<DagRunRow>("backfill", row => row.Facts.Backfill),
        new TextColumn<DagRunRow>("connections", row => row.Facts.Connections),
        new TimeColumn<DagRunRow>("previous_start", row => row.Facts.PreviousSuccess?.Start),
        new TimeColumn<DagRunRow>("previous_end", row => row.Facts.PreviousSuccess?.End),
        new TimeColumn<DagRunRow>("previous_started_at", row => row.Facts.PreviousSuccessStartedAt),
        new TimeColumn<DagRunRow>("previous_ended_at", row => row.Facts.PreviousSuccessEndedAt),
        new TimeColumn<DagRunRow>("created_at", row => row.Facts.CreatedAt),
        new TimeColumn<DagRunRow>("started_at", row => row.StartedAt),
        new TimeColumn<DagRunRow>("ended_at", row => row.EndedAt),
        new TextColumn<DagRunRow>("reason", row => row.Reason),
        new TextColumn<DagRunRow>("memory", row => row.Memory),
        new TextColumn<DagRunRow>("triggered_by", row => row.Facts.TriggeredBy),
        new TextColumn<DagRunRow>("asset_events", row => row.Facts.AssetEvents is { } events ? AssetJson.Serialize(events) : null),
        new TextColumn<DagRunRow>("deadlines", row => row.Deadlines is { Count: > 0 } deadlines ? DagRunJson.Serialize(deadlines) : null),
    ]);

    public static RowTable<XComRow> XComs { get; } = new("xcom", ["run_key", "task_id", "key"], OnConflict.Update,
    [
        new LongColumn<XComRow>("run_key", row => row.Run),
        new TextColumn<XComRow>("task_id", row => row.Task.Value),
        new TextColumn<XComRow>("key", row => row.Key),
        new TextColumn<XComRow>("value", row => row.Value),
        new TextColumn<XComRow>("object", row => row.Object),
    ]);

    public static RowTable<RenderedFieldsRow> RenderedFields { get; } = new("rendered_fields", ["run_key", "task_id", "token"], OnConflict.Update,
    [
        new LongColumn<RenderedFieldsRow>("run_key", row => row.Run),
        new TextColumn<RenderedFieldsRow>("task_id", row => row.Task.Value),
        new IntColumn<RenderedFieldsRow>("token", row => row.Token),
        new TextColumn<RenderedFieldsRow>("fields", row => row.Fields),
    ]);

    public static RowTable<EvidenceRow> Evidence { get; } = new("evidence", ["run_key", "task_id", "token"], OnConflict.Update,
    [
        new LongColumn<EvidenceRow>("run_key", row => row.Run),
        new TextColumn<EvidenceRow>("task_id", row => row.Task.Value),
        new IntColumn<EvidenceRow>("token", row => row.Token),
        new TextColumn<EvidenceRow>("seen", row => row.Seen),
    ]);

    public static RowTable<RemoteJobRow> RemoteJobs { get; } = new("remote_job", ["run_key", "task_id", "token"], OnConflict.Update,
    [
        new LongColumn<RemoteJobRow>("run_key", row => row.Run),
        new TextColumn<RemoteJobRow>("task_id", row => row.Task.Value),
        new IntColumn<RemoteJobRow>("token", row => row.Token),
        new IntColumn<RemoteJobRow>("try_number", row => row.TryNumber),
        new TextColumn<RemoteJobRow>("service", row => row.Job.Service),
        new TextColumn<RemoteJobRow>("job_id", row => row.Job.Id),
        new TextColumn<RemoteJobRow>("name", row => row.Job.Name),
        new TextColumn<RemoteJobRow>("connection_id", row => row.Job.ConnectionId),
        new TimeColumn<RemoteJobRow>("at", row => row.At),
    ]);

    public static RowTable<WatermarkRow> Watermarks { get; } = new("watermark", ["dag_id", "task_id", "interval_end", "run_key", "token"], OnConflict.Update,
    [
        new TextColumn<WatermarkRow>("dag_id", row => row.Dag.Value),
        new TextColumn<WatermarkRow>("task_id", row => row.Task.Value),
        new TimeColumn<WatermarkRow>("interval_end", row => row.IntervalEnd),
        new LongColumn<WatermarkRow>("run_key", row => row.Run),
        new IntColumn<WatermarkRow>("token", row => row.Token),
        new TextColumn<WatermarkRow>("from_value", row => row.From),
        new TextColumn<WatermarkRow>("to_value", row => row.To),
        new BoolColumn<WatermarkRow>("is_mark", row => row.IsMark),
        new TimeColumn<WatermarkRow>("at", row => row.At),
        new TextColumn<WatermarkRow>("set_by", row => row.By),
    ]);

    /// <summary>Dag, task instance.</summary>
    public const string ForgetWatermarks = "DELETE FROM watermark WHERE dag_id = $1 AND task_id = $2";

    public static RowTable<DagRow> Dags { get; } = new("dag", ["dag_id"], OnConflict.Update,
    [
        new TextColumn<DagRow>("dag_id", row => row.Id.Value),
        new TextColumn<DagRow>("file", row => row.File),
        new TextColumn<DagRow>("version", row => row.Version),
        new TextColumn<DagRow>("bundle", row => row.Bundle),
        new BoolColumn<DagRow>("paused", row => row.Paused),
        new BoolColumn<DagRow>("active", row => row.Active),
        new TextColumn<DagRow>("schedule", row => row.Schedule),
        new TimeColumn<DagRow>("next_run_after", row => row.NextRunAfter),
        new TextColumn<DagRow>("description", row => row.Description),
        new TextColumn<DagRow>("tags", row => JsonSerializer.Serialize(row.Tags)),
        new TextColumn<DagRow>("owner", row => row.Owner),
        new TextColumn<DagRow>("problem", row => row.Problem),
        new TextColumn<DagRow>("assets", row => row.Assets is { } assets ? AssetJson.SerializeUses(assets) : null),
    ]);

    public static RowTable<DagVersionRow> DagVersions { get; } = new("dag_version", ["version"], OnConflict.Keep,
    [
        new TextColumn<DagVersionRow>("version", row => row.Version),
        new TextColumn<DagVersionRow>("dag_id", row => row.Dag.Value),
        new TextColumn<DagVersionRow>("spec", row => row.Spec),
        new TimeColumn<DagVersionRow>("created_at", row => row.CreatedAt),
    ]);

    public static RowTable<BackfillRow> Backfills { get; } = new("backfill", ["id"], OnConflict.Update,
    [
        new TextColumn<BackfillRow>("id", row => row.Id),
        new TextColumn<BackfillRow>("dag_id", row => row.Dag.Value),
        new TimeColumn<BackfillRow>("range_start", row => row.Range.Start),
        new TimeColumn<BackfillRow>("range_end", row => row.Range.End),
        new IntColumn<BackfillRow>("max_active_runs", row => row.Options.MaxActiveRuns),
        new TextColumn<BackfillRow>("run_order", row => row.Options.Order.ToString().ToLowerInvariant()),
        new TextColumn<BackfillRow>("reprocess", row => row.Options.Reprocess.ToString().ToLowerInvariant()),
        new TextColumn<BackfillRow>("conf", row => row.Options.Conf),
        new TextColumn<BackfillRow>("connections", row => row.Options.Connections),
        new TextColumn<BackfillRow>("on_version", row => row.Options.Version),
        new TextColumn<BackfillRow>("state", row => row.State),
        new IntColumn<BackfillRow>("intervals", row => row.Intervals),
        new IntColumn<BackfillRow>("total", row => row.Total),
        new IntColumn<BackfillRow>("active", row => row.Active),
        new IntColumn<BackfillRow>("succeeded", row => row.Succeeded),
        new IntColumn<BackfillRow>("failed", row => row.Failed),
        new TimeColumn<BackfillRow>("created_at", row => row.Made.At),
        new TextColumn<BackfillRow>("made_by", row => row.Made.By),
        new TextColumn<BackfillRow>("made_note", row => row.Made.Note),
        new TextColumn<BackfillRow>("changed_by", row => row.Changed?.By),
        new TimeColumn<BackfillRow>("changed_at", row => row.Changed?.At),
        new TextColumn<BackfillRow>("changed_note", row => row.Changed?.Note),
        new TimeColumn<BackfillRow>("pace_from", row => row.Pace?.From),
        new IntColumn<BackfillRow>("pace_ended", row => row.Pace?.Ended ?? 0),
        new TimeColumn<BackfillRow>("ended_at", row => row.EndedAt),
    ]);

    public static RowTable<HumanQuestionRow> HumanQuestions { get; } = new("human_question", ["run_key", "task_id", "token"], OnConflict.Update,
    [
        new LongColumn<HumanQuestionRow>("run_key", row => row.Run),
        new TextColumn<HumanQuestionRow>("task_id", row => row.Task.Value),
        new IntColumn<HumanQuestionRow>("token", row => row.Token),
        new TextColumn<HumanQuestionRow>("state", row => NameOf(row.State)),
        new TimeColumn<HumanQuestionRow>("asked_at", row => row.AskedAt),
        new TimeColumn<HumanQuestionRow>("due_at", row => row.DueAt),
        new TextColumn<HumanQuestionRow>("question", row => HumanInputJson.Serialize(row.Question)),
        new TimeColumn<HumanQuestionRow>("ended_at", row => row.EndedAt),
        new TextColumn<HumanQuestionRow>("answer", row => row.Answer is { } answer ? HumanInputJson.Serialize(answer) : null),
    ]);

    public static RowTable<ImportErrorRow> ImportErrors { get; } = new("import_error", ["file"], OnConflict.Update,
    [
        new TextColumn<ImportErrorRow>("file", row => row.File),
        new TextColumn<ImportErrorRow>("message", row => row.Message),
        new TimeColumn<ImportErrorRow>("at", row => row.At),
    ]);

    public static RowTable<PoolRow> Pools { get; } = new("pool", ["name"], OnConflict.Update,
    [
        new TextColumn<PoolRow>("name", row => row.Name),
        new IntColumn<PoolRow>("slots", row => row.Slots ?? 0),
        new BoolColumn<PoolRow>("include_deferred", row => row.IncludeDeferred),
        new TextColumn<PoolRow>("description", row => row.Description),
        new TimeColumn<PoolRow>("changed_at", row => row.At),
    ]);

    public static RowTable<CallbackRow> Callbacks { get; } = new("callback", ["callback_key"], OnConflict.Update,
    [
        new LongColumn<CallbackRow>("callback_key", row => row.Key),
        new LongColumn<CallbackRow>("run_key", row => row.Run),
        new TextColumn<CallbackRow>("task_id", row => row.Task?.Value) { IsKept = true }, // it was renamed while the callback waited
        new IntColumn<CallbackRow>("try_number", row => row.TryNumber),
        new TextColumn<CallbackRow>("event", row => row.Event),
        new TextColumn<CallbackRow>("notifier", row => row.Notifier),
        new TextColumn<CallbackRow>("deadline", row => row.Deadline),
        new TextColumn<CallbackRow>("why", row => row.Why),
        new TextColumn<CallbackRow>("state", row => row.State),
        new TextColumn<CallbackRow>("worker", row => row.Worker),
        new IntColumn<CallbackRow>("handed_out", row => row.HandedOut),
        new TimeColumn<CallbackRow>("raised_at", row => row.RaisedAt),
        new TimeColumn<CallbackRow>("ended_at", row => row.EndedAt),
        new TextColumn<CallbackRow>("error", row => row.Error),
    ]);

    public static RowTable<AssetEventRow> AssetEvents { get; } = new("asset_event", [], OnConflict.Keep,
    [
        new TextColumn<AssetEventRow>("asset", row => row.Event.Asset),
        new TextColumn<AssetEventRow>("alias", row => row.Event.Alias),
        new TimeColumn<AssetEventRow>("at", row => row.Event.At),
        new TextColumn<AssetEventRow>("extra", row => row.Event.Extra),
        new TextColumn<AssetEventRow>("source_dag", row => row.Event.SourceDag),
        new TextColumn<AssetEventRow>("source_run", row => row.Event.SourceRun),
        new TextColumn<AssetEventRow>("source_task", row => row.Event.SourceTask),
        new TimeColumn<AssetEventRow>("interval_start", row => row.Event.SourceInterval?.Start),
        new TimeColumn<AssetEventRow>("interval_end", row => row.Event.SourceInterval?.End),
        new TextColumn<AssetEventRow>("made_by", row => row.Event.By),
    ]);

    /// <summary>Asset, number of events that stay.</summary>
    public const string TrimAssetEvents =
        """
        DELETE FROM asset_event WHERE asset = $1
          AND id <= (SELECT id FROM asset_event WHERE asset = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)
          AND id NOT IN (SELECT MAX(id) FROM asset_event WHERE asset = $1 GROUP BY source_dag)
        """;

    public static RowTable<AuditRow> Audit { get; } = new("audit", [], OnConflict.Keep,
    [
        new TimeColumn<AuditRow>("at", row => row.At),
        new TextColumn<AuditRow>("who", row => row.Who),
        new TextColumn<AuditRow>("action", row => row.Action),
        new TextColumn<AuditRow>("subject", row => row.Subject),
        new TextColumn<AuditRow>("details", row => row.Details),
    ]);

    private static string NameOf(QuestionState state) => state switch
    {
        QuestionState.Waiting => "waiting",
        QuestionState.Answered => "answered",
        QuestionState.TimedOut => "timed_out",
        _ => "withdrawn",
    };
}
