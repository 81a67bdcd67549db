using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;

namespace Sluice.Client;

// One method an operation; what each does is said at the name in Operations.
#pragma warning disable CS1591 // Their names and types are those of Operations.
public sealed partial class ApiClient
{
    public Task<IReadOnlyList<DagSummary>> ListDagsAsync(CancellationToken cancellationToken = default) =>
        AskAsync<Nothing, IReadOnlyList<DagSummary>>(Operations.ListDags, new(), cancellationToken);

    public Task<DagDetails> ShowDagAsync(string dag, CancellationToken cancellationToken = default) =>
        AskAsync<DagName, DagDetails>(Operations.ShowDag, new(dag), cancellationToken);

    public Task<IReadOnlyList<ImportErrorSummary>> ListImportErrorsAsync(CancellationToken cancellationToken = default) =>
        AskAsync<Nothing, IReadOnlyList<ImportErrorSummary>>(Operations.ListImportErrors, new(), cancellationToken);

    public Task<RunSummary> TriggerRunAsync(TriggerRequest request, CancellationToken cancellationToken = default) =>
        AskAsync<TriggerRequest, RunSummary>(Operations.TriggerRun, request, cancellationToken);

    public Task<IReadOnlyList<RunSummary>> ListRunsAsync(RunFilter filter, CancellationToken cancellationToken = default) =>
        AskAsync<RunFilter, IReadOnlyList<RunSummary>>(Operations.ListRuns, filter, cancellationToken);

    public Task<RunDetails> ShowRunAsync(string dag, string run, CancellationToken cancellationToken = default) =>
        AskAsync<RunName, RunDetails>(Operations.ShowRun, new(dag, run), cancellationToken);

    public Task<Changed> CancelRunAsync(string dag, string run, CancellationToken cancellationToken = default) =>
        AskAsync<RunName, Changed>(Operations.CancelRun, new(dag, run), cancellationToken);

    public Task<TaskStateAnswer> TaskStateAsync(string dag, string task, string run, CancellationToken cancellationToken = default) =>
        AskAsync<TaskName, TaskStateAnswer>(Operations.TaskState, new(dag, task, run), cancellationToken);

    public Task<ChangeAnswer> ClearTasksAsync(ChangeRequest request, CancellationToken cancellationToken = default) =>
        AskAsync<ChangeRequest, ChangeAnswer>(Operations.ClearTasks, request, cancellationToken);

    public Task<RenamedDag> RenameDagAsync(RenameDagRequest request, CancellationToken cancellationToken = default) =>
        AskAsync<RenameDagRequest, RenamedDag>(Operations.RenameDag, request, cancellationToken);

    public Task<RenamedTask> RenameTaskAsync(RenameTaskRequest request, CancellationToken cancellationToken = default) =>
        AskAsync<RenameTaskRequest, RenamedTask>(Operations.RenameTask, request, cancellationToken);

    public Task<ChangeAnswer> UpgradeRunsAsync(ChangeRequest request, CancellationToken cancellationToken = default) =>
        AskAsync<ChangeRequest, ChangeAnswer>(Operations.UpgradeRun, request, cancellationToken);

    public Task<ChangeAnswer> MarkTasksAsync(ChangeRequest request, CancellationToken cancellationToken = default) =>
        AskAsync<ChangeRequest, ChangeAnswer>(Operations.MarkTasks, request, cancellationToken);

    public Task<ChangeAnswer> MarkRunAsync(ChangeRequest request, CancellationToken cancellationToken = default) =>
        AskAsync<ChangeRequest, ChangeAnswer>(Operations.MarkRun, request, cancellationToken);

    public Task<IReadOnlyList<CallbackSummary>> ListCallbacksAsync(CallbackFilter filter, CancellationToken cancellationToken = default) =>
        AskAsync<CallbackFilter, IReadOnlyList<CallbackSummary>>(Operations.ListCallbacks, filter, cancellationToken);

    /// <summary>What the templates of an attempt came to, secrets masked.</summary>
    /// <param name="dag">The Dag's id.</param>
    /// <param name="task">A task; of a mapped one an instance, such as <c>load[3]</c>.</param>
    /// <param name="run">A run id, or a logical date.</param>
    /// <param name="tryNumber">Null: the latest that has ended.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task<RenderedAnswer> RenderedTaskAsync(string dag, string task, string run, int? tryNumber = null, CancellationToken cancellationToken = default) =>
        AskAsync<RenderedRequest, RenderedAnswer>(Operations.RenderedTask, new(dag, task, run, tryNumber), cancellationToken);

    /// <summary>What an attempt has seen of the rows that it moved.</summary>
    /// <param name="dag">The Dag's id.</param>
    /// <param name="task">A task; of a mapped one an instance, such as <c>load[3]</c>.</param>
    /// <param name="run">A run id, or a logical date.</param>
    /// <param name="tryNumber">Null: the latest that has ended.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task<EvidenceAnswer> TaskEvidenceAsync(string dag, string task, string run, int? tryNumber = null, CancellationToken cancellationToken = default) =>
        AskAsync<EvidenceRequest, EvidenceAnswer>(Operations.TaskEvidence, new(dag, task, run, tryNumber), cancellationToken);

    /// <summary>Of each task instance what the latest attempt that took evidence has seen, in short; latest runs first.</summary>
    public Task<IReadOnlyList<EvidenceSummary>> ListEvidenceAsync(EvidenceFilter filter, CancellationToken cancellationToken = default) =>
        AskAsync<EvidenceFilter, IReadOnlyList<EvidenceSummary>>(Operations.ListEvidence, filter, cancellationToken);

    /// <summary>Of each task that keeps a watermark the one from which its next run goes on.</summary>
    public Task<IReadOnlyList<WatermarkSummary>> ListWatermarksAsync(WatermarkFilter filter, CancellationToken cancellationToken = default) =>
        AskAsync<WatermarkFilter, IReadOnlyList<WatermarkSummary>>(Operations.ListWatermarks, filter, cancellationToken);

    /// <summary>The windows of a task's attempts, latest first.</summary>
    public Task<IReadOnlyList<WatermarkSummary>> ShowWatermarkAsync(WatermarkFilter filter, CancellationToken cancellationToken = default) =>
        AskAsync<WatermarkFilter, IReadOnlyList<WatermarkSummary>>(Operations.ShowWatermark, filter, cancellationToken);

    public Task<WatermarkChanged> SetWatermarkAsync(WatermarkChange change, CancellationToken cancellationToken = default) =>
        AskAsync<WatermarkChange, WatermarkChanged>(Operations.SetWatermark, change, cancellationToken);

    public Task<WatermarkChanged> ClearWatermarkAsync(WatermarkChange change, CancellationToken cancellationToken = default) =>
        AskAsync<WatermarkChange, WatermarkChanged>(Operations.ClearWatermark, change, cancellationToken);

    public Task<TaskWhyAnswer> WhyTaskAsync(string dag, string task, string run, CancellationToken cancellationToken = default) =>
        AskAsync<TaskName, TaskWhyAnswer>(Operations.WhyTask, new(dag, task, run), cancellationToken);

    public Task<IReadOnlyList<QuestionSummary>> ListQuestionsAsync(QuestionFilter filter, CancellationToken cancellationToken = default) =>
        AskAsync<QuestionFilter, IReadOnlyList<QuestionSummary>>(Operations.ListQuestions, filter, cancellationToken);

    public Task<QuestionSummary> AnswerQuestionAsync(AnswerRequest request, CancellationToken cancellationToken = default) =>
        AskAsync<AnswerRequest, QuestionSummary>(Operations.AnswerQuestion, request, cancellationToken);

    public Task<BackfillSummary> CreateBackfillAsync(BackfillRequest request, CancellationToken cancellationToken = default) =>
        AskAsync<BackfillRequest, BackfillSummary>(Operations.CreateBackfill, request, cancellationToken);

    public Task<BackfillPreview> PreviewBackfillAsync(BackfillPreviewRequest request, CancellationToken cancellationToken = default) =>
        AskAsync<BackfillPreviewRequest, BackfillPreview>(Operations.PreviewBackfill, request, cancellationToken);

    public Task<Changed> PauseBackfillAsync(BackfillChange change, CancellationToken cancellationToken = default) =>
        AskAsync<BackfillChange, Changed>(Operations.PauseBackfill, change, cancellationToken);

    public Task<Changed> ResumeBackfillAsync(BackfillChange change, CancellationToken cancellationToken = default) =>
        AskAsync<BackfillChange, Changed>(Operations.ResumeBackfill, change, cancellationToken);

    public Task<Changed> CancelBackfillAsync(BackfillChange change, CancellationToken cancellationToken = default) =>
        AskAsync<BackfillChange, Changed>(Operations.CancelBackfill, change, cancellationToken);

    public Task<BackfillDetails> ShowBackfillAsync(string backfill, CancellationToken cancellationToken = default) =>
        AskAsync<BackfillName, BackfillDetails>(Operations.ShowBackfill, new(backfill), cancellationToken);

    public Task<Changed> SetConnectionAsync(string id, string uri, CancellationToken cancellationToken = default) =>
        AskAsync<SecretValue, Changed>(Operations.SetConnection, new(id, uri), cancellationToken);

    public Task<IReadOnlyList<SecretValue>> ListConnectionsAsync(CancellationToken cancellationToken = default) =>
        AskAsync<Nothing, IReadOnlyList<SecretValue>>(Operations.ListConnections, new(), cancellationToken);

    public Task<Changed> SetVariableAsync(string id, string value, CancellationToken cancellationToken = default) =>
        AskAsync<SecretValue, Changed>(Operations.SetVariable, new(id, value), cancellationToken);

    public Task<IReadOnlyList<SecretValue>> ListVariablesAsync(CancellationToken cancellationToken = default) =>
        AskAsync<Nothing, IReadOnlyList<SecretValue>>(Operations.ListVariables, new(), cancellationToken);

    public async Task<NodesAnswer> NodesAsync(CancellationToken cancellationToken = default) => Read<NodesAnswer>(await GetAsync("nodes", cancellationToken));

    public async Task<IReadOnlyList<NodeActors>> ActorsAsync(CancellationToken cancellationToken = default) =>
        Read<IReadOnlyList<NodeActors>>(await GetAsync("actors", cancellationToken));

    /// <summary>Reads a piece of an attempt's log, from a byte on.</summary>
    public async Task<LogContent> LogAsync(
        string dag, string run, string task, int token, string worker, long offset = 0, CancellationToken cancellationToken = default) =>
        Read<LogContent>(await GetAsync(
            $"logs?dag={Uri.EscapeDataString(dag)}&run={Uri.EscapeDataString(run)}&task={Uri.EscapeDataString(task)}"
            + $"&token={token}&worker={Uri.EscapeDataString(worker)}&offset={offset}",
            cancellationToken));
}
