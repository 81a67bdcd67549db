using System.Globalization;
using Sluice.Cluster.Api;
using Sluice.Core.Dags;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Api;

/// <content>What was called back.</content>
internal sealed partial class OperatorApi
{
    private static readonly string[] CallbackStates = ["waiting", "running", "success", "failed"];

    private async Task<IReadOnlyList<CallbackSummary>> ListCallbacksAsync(CallbackFilter filter, CancellationToken cancel)
    {
        if (filter.Limit is < 1 or > 10_000)
        {
            throw new ApiException(400, $"limit is {filter.Limit}; it must be from 1 to 10000.");
        }

        if (filter.State is { } state && !CallbackStates.Contains(state))
        {
            throw new ApiException(400, $"There is no state '{state}' of callbacks; there are: {string.Join(", ", CallbackStates)}.");
        }

        if (filter is { RunId: not null, DagId: null })
        {
            throw new ApiException(400, "A run is one of a Dag; give dag_id with run_id.");
        }

        var query = new CallbackQuery { State = filter.State, Limit = filter.Limit };
        if (filter.EventId is { } text)
        {
            query = long.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var key) && text.Length == 16
                ? query with { Key = key }
                : throw new ApiException(400, $"'{text}' is no event id of a callback: these have 16 hexadecimal digits.");
        }

        if (filter is { DagId: { } dag, RunId: { } run })
        {
            query = query with { Run = (await RunAsync(dag, run, cancel)).Facts.Key };
        }
        else if (filter.DagId is { } id)
        {
            query = query with { Dag = (await DagAsync(id, cancel)).Id };
        }

        var found = await store.ReadModel.ListCallbacksAsync(query, cancel);
        var former = (await store.ReadModel.ListRenamesAsync(cancel)).ToLookup(rename => rename.To, rename => rename.From.Value);
        return
        [
            .. found.Select(callback => Summaries.Of(callback.Row) with
            {
                DagId = callback.Dag.Value,
                RunId = callback.Run.Value,
                FormerDagIds = former.Contains(callback.Dag) ? [.. former[callback.Dag]] : null,
            }),
        ];
    }
}
