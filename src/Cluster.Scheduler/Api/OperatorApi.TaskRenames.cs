using Sluice.Cluster.Api;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Scheduler.Dags;

namespace Sluice.Scheduler.Api;

/// <content>Tasks that get other names.</content>
internal sealed partial class OperatorApi
{
    private async Task<RenamedTask> RenameTaskAsync(RenameTaskRequest request, string who, CancellationToken cancel)
    {
        var dag = await DagAsync(request.DagId, cancel);
        if (DagValidator.IdProblem(request.NewTaskId) is { } wrong)
        {
            throw new ApiException(400, $"The new id {wrong}.");
        }

        var (from, to) = (new TaskId(request.TaskId), new TaskId(request.NewTaskId));
        if (from == to)
        {
            throw new ApiException(409, $"Task '{from}' has that name already.");
        }

        var isDefined = dag.Active && (await SpecAsync(dag.Version, cancel)).Tasks.Any(task => task.Id == to);
        var rename = new RenameTasks(new Dictionary<TaskId, TaskId> { [from] = to }, who, Note(request.Note), request.DryRun, Declared: false);
        var answer = await ToDagAsync<TaskRenameAnswer>(dag.Id, rename, cancel);
        return answer.Refusal is { } refusal
            ? throw new ApiException(answer.IsUnknown ? 404 : 409, refusal)
            : new(dag.Id.Value, from.Value, to.Value, request.DryRun, answer.Runs, answer.Rows, answer.Versions, answer.InFlight, isDefined);
    }

    /// <summary>Says why a run has no such task: it may have another name since.</summary>
    private async Task<ApiException> NoTaskAsync(RunFacts run, string task, CancellationToken cancel) =>
        new(404, TaskNames.Find(await store.ReadModel.ListTaskRenamesAsync(run.Dag, cancel), task) is var (now, since)
            ? $"Dag '{run.Dag}' has no task '{task}' any more: its name is '{now}' since {since:yyyy-MM-dd HH:mm} UTC."
            : $"Dag '{run.Dag}' has no task '{task}' in the version of run '{run.Id}'.");
}
