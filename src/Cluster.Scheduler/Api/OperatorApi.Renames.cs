using Sluice.Cluster.Api;
using Sluice.Core.Dags;

namespace Sluice.Scheduler.Api;

/// <summary>Dags that get other names.</summary>
internal sealed partial class OperatorApi
{
    private async Task<RenamedDag> RenameAsync(RenameDagRequest request, string who, CancellationToken cancel)
    {
        var dag = await DagAsync(request.DagId, cancel);
        if (DagValidator.IdProblem(request.NewDagId) is { } wrong)
        {
            throw new ApiException(400, $"The new id {wrong}.");
        }

        var to = new DagId(request.NewDagId);
        var versions = await store.ReadModel.ListDagVersionsAsync(dag.Id, cancel);
        var backfills = await store.ReadModel.ListBackfillsAsync(dag.Id, cancel);
        var defined = await store.ReadModel.FindDagAsync(to, cancel);
        var answer = await LeaderAsync<DagRenameAnswer>(new RenameDag(dag.Id, to, who, Note(request.Note), request.DryRun), cancel);
        return answer.Refusal is { } refusal
            ? throw new ApiException(409, refusal)
            : new(dag.Id.Value, to.Value, request.DryRun, versions.Sum(version => version.Runs), versions.Count, backfills.Count, defined is { Active: true });
    }
}
