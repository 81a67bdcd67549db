using System.Text.Json;
using Sluice.Actors;
using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Elections;
using Sluice.Scheduler.Secrets;
using Sluice.Storage;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Secrets;

namespace Sluice.Scheduler.Api;

/// <summary>What people ask for, by CLI and API: reads from the read model, commands to the leader's actors.</summary>
internal sealed partial class OperatorApi(IStore store, Vault vault, ActorRef elector, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <returns>The response's JSON.</returns>
    /// <exception cref="ApiException">With a status and one sentence for people.</exception>
    public async Task<string> CallAsync(OperatorCall call, CancellationToken cancellationToken)
    {
        try
        {
            return await DispatchAsync(call, cancellationToken);
        }
        catch (JsonException e)
        {
            throw new ApiException(400, $"The request to {call.Name} is not what it takes: {e.Message}");
        }
        catch (FormatException e)
        {
            throw new ApiException(400, e.Message);
        }
        catch (StoreException e) when (e.IsTransient)
        {
            // A commit may have arrived although its answer did not.
            throw new ApiException(Operations.IsRead(call.Name) ? 503 : 504, e.Message);
        }
    }

    private async Task<string> DispatchAsync(OperatorCall call, CancellationToken cancel) => call.Name switch
    {
        Operations.ListDags => Json(await ListDagsAsync(cancel)),
        Operations.ShowDag => Json(await ShowDagAsync(Read<DagName>(call), cancel)),
        Operations.ListDagVersions => Json(await ListVersionsAsync(Read<DagName>(call), cancel)),
        Operations.ListDeployedDags => Json(await ListDeployedAsync(cancel)),
        Operations.ListImportErrors => Json<IReadOnlyList<ImportErrorSummary>>(
            [.. (await store.ReadModel.ListImportErrorsAsync(cancel)).Select(error => new ImportErrorSummary(error.File, error.Message ?? "", error.At))]),
        Operations.PauseDag => Json(await PauseAsync(Read<DagName>(call), true, call.Who, cancel)),
        Operations.UnpauseDag => Json(await PauseAsync(Read<DagName>(call), false, call.Who, cancel)),
        Operations.RenameDag => Json(await RenameAsync(Read<RenameDagRequest>(call), call.Who, cancel)),
        Operations.RenameTask => Json(await RenameTaskAsync(Read<RenameTaskRequest>(call), call.Who, cancel)),
        Operations.TriggerRun => Json(await TriggerAsync(Read<TriggerRequest>(call), call.Who, cancel)),
        Operations.ListRuns => Json(await ListRunsAsync(Read<RunFilter>(call), cancel)),
        Operations.ShowRun => Json(await ShowRunAsync(Read<RunName>(call), cancel)),
        Operations.CancelRun => Json(await CancelRunAsync(Read<RunName>(call), call.Who, cancel)),
        Operations.TaskState => Json(await TaskStateAsync(Read<TaskName>(call), cancel)),
        Operations.RenderedTask => Json(await RenderedAsync(Read<RenderedRequest>(call), cancel)),
        Operations.TaskEvidence => Json(await EvidenceAsync(Read<EvidenceRequest>(call), cancel)),
        Operations.ListEvidence => Json(await ListEvidenceAsync(Read<EvidenceFilter>(call), cancel)),
        Operations.ListWatermarks => Json(await ListWatermarksAsync(Read<WatermarkFilter>(call), latest: true, cancel)),
        Operations.ShowWatermark => Json(await ShowWatermarkAsync(Read<WatermarkFilter>(call), cancel)),
        Operations.SetWatermark => Json(await MoveWatermarkAsync(Read<WatermarkChange>(call), isForgotten: false, call.Who, cancel)),
        Operations.ClearWatermark => Json(await MoveWatermarkAsync(Read<WatermarkChange>(call), isForgotten: true, call.Who, cancel)),
        Operations.ListXComs => Json(await ListXComsAsync(Read<TaskName>(call), cancel)),
        Operations.ClearTasks => Json(await ClearAsync(Read<ChangeRequest>(call), call.Who, cancel)),
        Operations.MarkTasks => Json(await MarkTasksAsync(Read<ChangeRequest>(call), call.Who, cancel)),
        Operations.MarkRun => Json(await MarkRunAsync(Read<ChangeRequest>(call), call.Who, cancel)),
        Operations.UpgradeRun => Json(await UpgradeRunAsync(Read<ChangeRequest>(call), call.Who, cancel)),
        Operations.WhyTask => Json(await WhyAsync(Read<TaskName>(call), cancel)),
        Operations.ListQuestions => Json(await ListQuestionsAsync(Read<QuestionFilter>(call), cancel)),
        Operations.AnswerQuestion => Json(await AnswerAsync(Read<AnswerRequest>(call), call.Who, cancel)),
        Operations.CreateBackfill => Json(await CreateBackfillAsync(Read<BackfillRequest>(call), call.Who, cancel)),
        Operations.ListBackfills => Json(await ListBackfillsAsync(Read<BackfillFilter>(call), cancel)),
        Operations.ShowBackfill => Json(await ShowBackfillAsync(Read<BackfillName>(call), cancel)),
        Operations.PreviewBackfill => Json(await PreviewBackfillAsync(Read<BackfillPreviewRequest>(call), cancel)),
        Operations.PauseBackfill => Json(await ChangeBackfillAsync(Read<BackfillChange>(call), "pause", call.Who, cancel)),
        Operations.ResumeBackfill => Json(await ChangeBackfillAsync(Read<BackfillChange>(call), "resume", call.Who, cancel)),
        Operations.CancelBackfill => Json(await ChangeBackfillAsync(Read<BackfillChange>(call), "cancel", call.Who, cancel)),
        Operations.ListPools => Json(await ListPoolsAsync(cancel)),
        Operations.SetPool => Json(await SetPoolAsync(Read<PoolRequest>(call), call.Who, cancel)),
        Operations.DeletePool => Json(await DeletePoolAsync(Read<PoolName>(call), call.Who, cancel)),
        Operations.ListCallbacks => Json(await ListCallbacksAsync(Read<CallbackFilter>(call), cancel)),
        Operations.ListAssets => Json(await ListAssetsAsync(cancel)),
        Operations.ListAssetEvents => Json(await ListAssetEventsAsync(Read<AssetEventFilter>(call), cancel)),
        Operations.EmitAsset => Json(await EmitAssetAsync(Read<EmitRequest>(call), call.Who, cancel)),
        Operations.SetConnection => Json(await SetAsync(SecretKind.Connection, Read<SecretValue>(call), call.Who, cancel)),
        Operations.ListConnections => Json(await ListAsync(SecretKind.Connection, cancel)),
        Operations.DeleteConnection => Json(await DeleteAsync(SecretKind.Connection, Read<SecretName>(call), call.Who, cancel)),
        Operations.SetVariable => Json(await SetAsync(SecretKind.Variable, Read<SecretValue>(call), call.Who, cancel)),
        Operations.GetVariable => Json(await GetVariableAsync(Read<SecretName>(call), cancel)),
        Operations.ListVariables => Json(await ListAsync(SecretKind.Variable, cancel)),
        Operations.DeleteVariable => Json(await DeleteAsync(SecretKind.Variable, Read<SecretName>(call), call.Who, cancel)),
        _ => throw new ApiException(404, $"There is no operation '{call.Name}'."),
    };

    private async Task<IReadOnlyList<DagSummary>> ListDagsAsync(CancellationToken cancel) =>
        [.. (await store.ReadModel.ListDagsAsync(cancel)).Select(Summaries.Of)];

    private async Task<DagDetails> ShowDagAsync(DagName name, CancellationToken cancel)
    {
        var dag = await DagAsync(name.DagId, cancel);
        var runs = await store.ReadModel.ListRunsAsync(new() { Dag = dag.Id, Limit = 10 }, cancel);
        return new(Summaries.Of(dag), Summaries.TasksOf(await SpecAsync(dag.Version, cancel)), [.. runs.Select(Summaries.Of)]);
    }

    private async Task<IReadOnlyList<DagVersionSummary>> ListVersionsAsync(DagName name, CancellationToken cancel)
    {
        var dag = await DagAsync(name.DagId, cancel);
        var versions = await store.ReadModel.ListDagVersionsAsync(dag.Id, cancel);
        return [.. versions.Select((version, i) => new DagVersionSummary(version.Version, i + 1, version.CreatedAt, version.Runs, version.Version == dag.Version)).Reverse()];
    }

    private async Task<IReadOnlyList<DeployedDagAnswer>> ListDeployedAsync(CancellationToken cancel)
    {
        var active = new Dictionary<DagId, int>();
        foreach (var state in (RunState[])[RunState.Queued, RunState.Running])
        {
            foreach (var run in await store.ReadModel.ListRunsAsync(new() { State = state, Limit = int.MaxValue }, cancel))
            {
                active[run.Facts.Dag] = active.GetValueOrDefault(run.Facts.Dag) + 1;
            }
        }

        var answer = new List<DeployedDagAnswer>();
        foreach (var dag in (await store.ReadModel.ListDagsAsync(cancel)).Where(dag => dag.Active))
        {
            answer.Add(new(dag.Id.Value, dag.File, dag.Paused, active.GetValueOrDefault(dag.Id), DagSpecJson.Serialize(await SpecAsync(dag.Version, cancel))));
        }

        return answer;
    }

    private async Task<Changed> PauseAsync(DagName name, bool paused, string who, CancellationToken cancel)
    {
        var dag = await DagAsync(name.DagId, cancel);
        var changed = await ToDagAsync<bool>(dag.Id, new SetPaused(paused), cancel);
        Audit(changed, who, paused ? Operations.PauseDag : Operations.UnpauseDag, name.DagId, "");
        return new(changed);
    }

    private async Task<RunSummary> TriggerAsync(TriggerRequest request, string who, CancellationToken cancel)
    {
        var conf = JsonObjectText(request.Conf, "conf");
        if (request.RunId is { } runId && (runId.Length is 0 or > 250 || runId.Any(char.IsControl)))
        {
            throw new ApiException(400, "A run id has 1 to 250 characters, none of them a control character.");
        }

        var dag = await DagAsync(request.DagId, cancel);
        DateTimeOffset? date = request.LogicalDate is { } text ? ScheduleDates.Parse(text, (await SpecAsync(dag.Version, cancel)).TimeZone) : null;
        var answer = await ToDagAsync<CreateRunAnswer>(dag.Id, new TriggerRun(date, request.RunId, conf, who), cancel);
        if (answer.Facts is not { } facts)
        {
            throw new ApiException(409, answer.Refusal!);
        }

        Audit(true, who, Operations.TriggerRun, $"{facts.Dag}/{facts.Id}", conf);
        return Summaries.Of(new DagRunRow { Facts = facts, State = RunState.Queued });
    }

    private async Task<IReadOnlyList<RunSummary>> ListRunsAsync(RunFilter filter, CancellationToken cancel)
    {
        RunState? state = null;
        if (filter.State is { } text)
        {
            state = Enum.TryParse<RunState>(text, ignoreCase: true, out var parsed)
                ? parsed
                : throw new ApiException(400, $"'{text}' is no state of a run; use queued, running, success or failed.");
        }

        var query = new RunQuery { Dag = filter.DagId is { } id ? new DagId(id) : null, State = state, Backfill = filter.BackfillId, Limit = filter.Limit };
        return [.. (await store.ReadModel.ListRunsAsync(query, cancel)).Select(Summaries.Of)];
    }

    private async Task<RunDetails> ShowRunAsync(RunName name, CancellationToken cancel)
    {
        var run = await RunAsync(name.DagId, name.RunId, cancel);
        var attempts = await store.ReadModel.ListTaskInstancesAsync(run.Facts.Key, cancel);
        var callbacks = await store.ReadModel.ListCallbacksAsync(run.Facts.Key, cancel);
        return new(Summaries.Of(run), Summaries.LatestOf(await SpecAsync(run.Facts.Version, cancel), attempts), [.. callbacks.Select(Summaries.Of)]);
    }

    private async Task<Changed> CancelRunAsync(RunName name, string who, CancellationToken cancel)
    {
        var run = await RunAsync(name.DagId, name.RunId, cancel);
        var changed = await ToDagAsync<bool>(run.Facts.Dag, new StopRun(run.Facts.Key, $"cancelled by {who}"), cancel);
        Audit(changed, who, Operations.CancelRun, $"{run.Facts.Dag}/{run.Facts.Id}", "");
        return new(changed);
    }

    private async Task<(DagRunRow Run, DagSpec Spec, int Task)> TaskAsync(TaskName name, CancellationToken cancel)
    {
        var run = await RunAsync(name.DagId, name.RunId, cancel);
        var spec = await SpecAsync(run.Facts.Version, cancel);
        var task = spec.Tasks.ToList().FindIndex(task => task.Id.Value == name.TaskId || DagRunState.MapIndexIn(name.TaskId, task.Id.Value) >= 0);
        return task >= 0 ? (run, spec, task) : throw await NoTaskAsync(run.Facts, name.TaskId, cancel);
    }

    private async Task<IReadOnlyList<XComSummary>> ListXComsAsync(TaskName name, CancellationToken cancel)
    {
        var (run, _, _) = await TaskAsync(name, cancel);
        return
        [
            .. (await store.ReadModel.ListXComsAsync(run.Facts.Key, cancel))
                .Where(row => row.Task.Value == name.TaskId || DagRunState.MapIndexIn(row.Task.Value, name.TaskId) >= 0)
                .OrderBy(row => DagRunState.MapIndexIn(row.Task.Value, name.TaskId)).ThenBy(row => row.Key, StringComparer.Ordinal)
                .Select(row => new XComSummary(row.Task.Value, row.Key, row.Object is null ? row.Value : null, row.Object)),
        ];
    }

    private async Task<TaskStateAnswer> TaskStateAsync(TaskName name, CancellationToken cancel)
    {
        var (run, spec, task) = await TaskAsync(name, cancel);
        var attempts = (await store.ReadModel.ListTaskInstancesAsync(run.Facts.Key, cancel))
            .Where(row => row.Task.Value == name.TaskId || DagRunState.MapIndexIn(row.Task.Value, name.TaskId) >= 0)
            .OrderBy(row => DagRunState.MapIndexIn(row.Task.Value, name.TaskId)).ToList();
        var state = attempts.Count == 0 ? Core.TaskInstances.TaskState.None
            : attempts.GroupBy(row => row.Task).Select(rows => rows.Last().State).MinBy(DagRunActor.Badness);
        string? waits = null;
        if (run.State is RunState.Queued or RunState.Running)
        {
            var found = await ToDagAsync<FoundRun>(run.Facts.Dag, new FindRun(run.Facts.Key), cancel);
            waits = found.Waits;
            if (found.Run is { } living)
            {
                var live = await AskRunAsync<TaskLiveState>(living, new TaskQuestion(task, DagRunState.MapIndexIn(name.TaskId, spec.Tasks[task].Id.Value)), cancel);
                (state, waits) = (live.State, live.Obstacle);
            }
        }

        var asked = (await store.ReadModel.ListQuestionsAsync(new() { Run = run.Facts.Key, Limit = 10_000 }, cancel)).LastOrDefault(asked => asked.Row.Task.Value == name.TaskId);
        var callbacks = (await store.ReadModel.ListCallbacksAsync(run.Facts.Key, cancel))
            .Where(row => row.Task is { Value: var instance } && (instance == name.TaskId || DagRunState.MapIndexIn(instance, name.TaskId) >= 0));
        var jobs = await store.ReadModel.ListRemoteJobsAsync(run.Facts.Key, cancel);
        var formerTasks = TaskNames.Former(await store.ReadModel.ListTaskRenamesAsync(run.Facts.Dag, cancel), name.TaskId);
        return new(run.Facts.Id.Value, state.Name(), waits, [.. attempts.Select(row => Summaries.Of(row, jobs))], [.. callbacks.Select(Summaries.Of)])
        {
            FormerTaskIds = formerTasks.Count > 0 ? formerTasks : null,
            Question = asked is null ? null : Summaries.Of(asked),
            FormerDagIds = (await store.ReadModel.ListRenamesAsync(cancel)).Where(rename => rename.To == run.Facts.Dag).Select(rename => rename.From.Value).ToList() is { Count: > 0 } former ? former : null,
        };
    }

    private async Task<Changed> SetAsync(SecretKind kind, SecretValue value, string who, CancellationToken cancel)
    {
        if (value.Id.Length is 0 or > 250)
        {
            throw new ApiException(400, "A name has 1 to 250 characters.");
        }

        // Also refuses a URI that is none, before it is stored.
        var masked = Vault.Masked(kind, value.Id, value.Value);
        await MustLeadAsync(cancel);
        await vault.SaveAsync(kind, value.Id, value.Value, cancel);
        Audit(true, who, kind == SecretKind.Connection ? Operations.SetConnection : Operations.SetVariable, value.Id, kind == SecretKind.Connection ? masked : "");
        Changed(kind, value.Id);
        return new(true);
    }

    private async Task<SecretValue> GetVariableAsync(SecretName name, CancellationToken cancel) =>
        await vault.FindAsync(SecretKind.Variable, name.Id, cancel) is { } value
            ? new(name.Id, Vault.Masked(SecretKind.Variable, name.Id, value))
            : throw new ApiException(404, $"There is no variable '{name.Id}'.");

    private async Task<IReadOnlyList<SecretValue>> ListAsync(SecretKind kind, CancellationToken cancel) =>
        [.. (await vault.AllAsync(kind, cancel)).Select(entry => new SecretValue(entry.Key, Vault.Masked(kind, entry.Key, entry.Value)))];

    private async Task<Changed> DeleteAsync(SecretKind kind, SecretName name, string who, CancellationToken cancel)
    {
        await MustLeadAsync(cancel);
        var there = await vault.DeleteAsync(kind, name.Id, cancel);
        Audit(there, who, kind == SecretKind.Connection ? Operations.DeleteConnection : Operations.DeleteVariable, name.Id, "");
        Changed(kind, name.Id);
        return new(there);
    }

    private void Changed(SecretKind kind, string name)
    {
        if (kind == SecretKind.Variable)
        {
            elector.Tell(new ToScheduler(new VariableChanged(name)));
        }
    }

    /// <summary>Only what was done goes into the audit log.</summary>
    private void Audit(bool done, string who, string action, string subject, string details)
    {
        if (done)
        {
            elector.Tell(new ToScheduler(new Audit(who, action, subject, details)));
        }
    }

    /// <summary>Secrets are written past the journal, so nothing else would refuse a change on a node that stands by.</summary>
    private async Task MustLeadAsync(CancellationToken cancel) => await LeaderAsync<Leading>(Leading.Instance, cancel);

    private async Task<DagRow> DagAsync(string id, CancellationToken cancel)
    {
        if (await store.ReadModel.FindDagAsync(new(id), cancel) is { } dag)
        {
            return dag;
        }

        var rename = (await store.ReadModel.ListRenamesAsync(cancel)).FirstOrDefault(rename => rename.From.Value == id);
        throw new ApiException(404, rename is null
            ? $"There is no Dag '{id}'. See: sluice dags list"
            : $"There is no Dag '{id}' any more: its name is '{rename.To}' since {rename.At:yyyy-MM-dd HH:mm} UTC.");
    }

    private async Task<DagSpec> SpecAsync(string version, CancellationToken cancel) =>
        await store.ReadModel.FindDagVersionAsync(version, cancel) is { } json
            ? DagSpecJson.Deserialize(json)
            : throw new ApiException(404, $"Dag version {version} is not in the store.");

    /// <summary>A run by its id, or by its logical date.</summary>
    private async Task<DagRunRow> RunAsync(string dag, string run, CancellationToken cancel)
    {
        await DagAsync(dag, cancel);
        if (await store.ReadModel.FindRunAsync(new(dag), new(run), cancel) is { } found)
        {
            return found;
        }

        if (run.Length > 0 && char.IsAsciiDigit(run[0]))
        {
            var spec = await SpecAsync((await DagAsync(dag, cancel)).Version, cancel);
            var date = ScheduleDates.Parse(run, spec.TimeZone);
            var runs = await store.ReadModel.ListRunsAsync(new() { Dag = new DagId(dag), From = date, Before = date.AddDays(1), Limit = 1000 }, cancel);
            if (runs.OrderBy(row => row.Facts.LogicalDate).FirstOrDefault() is { } dated)
            {
                return dated;
            }
        }

        throw new ApiException(404, $"Dag '{dag}' has no run '{run}'. See: sluice runs list {dag}");
    }

    private async Task<T> ToDagAsync<T>(DagId dag, object message, CancellationToken cancel) =>
        await LeaderAsync<object>(new ToDag(dag, message), cancel) switch
        {
            NoSuchDag => throw new ApiException(404, $"There is no Dag '{dag}'. See: sluice dags list"),
            T answer => answer,
            var other => throw new ApiException(500, $"Unexpected answer {other.GetType().Name}."),
        };

    private async Task<T> LeaderAsync<T>(object message, CancellationToken cancel)
    {
        try
        {
            return await elector.AskAsync<object>(new ToScheduler(message), Patience, cancel) switch
            {
                NotLeading => throw new ApiException(503, NotLeading.Sentence),
                T answer => answer,
                var other => throw new ApiException(500, $"Unexpected answer {other.GetType().Name}."),
            };
        }
        catch (Exception e) when (e is TimeoutException or ActorStoppedException)
        {
            throw new ApiException(504, "The scheduler did not answer, or stopped leading meanwhile.");
        }
    }

    private static async Task<T> AskRunAsync<T>(ActorRef run, object message, CancellationToken cancel)
    {
        try
        {
            return await run.AskAsync<T>(message, Patience, cancel);
        }
        catch (Exception e) when (e is TimeoutException or ActorStoppedException)
        {
            throw new ApiException(504, "The run ended, or the leader changed, before it could answer.");
        }
    }

    private static string JsonObjectText(string? text, string what)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return "{}";
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return text;
            }
        }
        catch (JsonException e)
        {
            throw new ApiException(400, $"The {what} is not JSON: {e.Message}");
        }

        throw new ApiException(400, $"The {what} must be a JSON object, like {{\"table\": \"nps\"}}.");
    }

    private static T Read<T>(OperatorCall call) => ApiJson.Deserialize<T>(call.Body.Length == 0 ? "{}" : call.Body);

    private static string Json<T>(T value) => ApiJson.Serialize(value);
}

/// <summary>A call of the API was refused.</summary>
/// <param name="status">As in HTTP. 503: nothing was done, try again. 504: it is not known what was done.</param>
internal sealed class ApiException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}
