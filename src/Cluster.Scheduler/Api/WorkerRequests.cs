using Sluice.Cluster.Nodes;
using Sluice.Cluster.Wire;
using Sluice.Core.Assets;
using Sluice.Core.Connections;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;
using Sluice.Core.Watermarks;
using Sluice.Scheduler.Bundles;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Secrets;
using Sluice.Scheduler.Watermarks;
using Sluice.Scheduler.XComs;
using Sluice.Storage;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Secrets;

namespace Sluice.Scheduler.Api;

/// <summary>Answers what workers ask for on behalf of their attempts.</summary>
/// <param name="store">Specs and XComs.</param>
/// <param name="vault">Connections and variables.</param>
/// <param name="bundles">Code.</param>
/// <param name="lists">Elements of XComs.</param>
/// <param name="otherDags">Runs of other Dags.</param>
/// <param name="findRun">The run of an attempt that a worker has by the leader's books; null for any other.</param>
/// <param name="askLeader">The watermarks.</param>
/// <param name="keep">What runs in services.</param>
internal sealed class WorkerRequests(
    IStore store, Vault vault, BundleShelf bundles, XComLists lists, CrossDagRequests otherDags,
    Func<AttemptId, CancellationToken, Task<RunFacts?>> findRun,
    Func<AskWatermark, CancellationToken, Task<WatermarkAnswer>> askLeader,
    Func<KeepForAttempt, CancellationToken, Task<RemoteJobAnswer>> keep)
{
    /// <summary>The methods that are answered here.</summary>
    public static IReadOnlyList<string> Served { get; } =
        [Methods.FetchDagVersion, Methods.FetchBundle, Methods.GetConnection, Methods.GetVariable, Methods.GetXCom, Methods.GetXComItems, Methods.GetAssetEvents, Methods.TriggerRun, Methods.LookAtDag, Methods.AskWatermark, Methods.KeepRemoteJob];

    public async Task AnswerAsync(IncomingRequest asked, CancellationToken cancellationToken)
    {
        switch (asked.Method)
        {
            case Methods.FetchDagVersion:
                var version = asked.Read<FetchById>().Id;
                Reply(asked, await store.ReadModel.FindDagVersionAsync(version, cancellationToken), $"Dag version {version}");
                break;
            case Methods.FetchBundle:
                var hash = asked.Read<FetchById>().Id;
                var content = await bundles.FindAsync(hash, cancellationToken);
                Reply(asked, content is null ? null : WireJson.Write(content), $"bundle {hash}");
                break;
            case Methods.GetConnection:
                await AnswerAsync(asked, SecretKind.Connection, cancellationToken);
                break;
            case Methods.GetVariable:
                await AnswerAsync(asked, SecretKind.Variable, cancellationToken);
                break;
            case Methods.TriggerRun:
                var trigger = asked.Read<TriggerForAttempt>();
                if (await FindRunAsync(asked, trigger.Attempt, cancellationToken) is not null)
                {
                    asked.ReplyWith(await otherDags.TriggerAsync(trigger, cancellationToken));
                }

                break;
            case Methods.LookAtDag:
                var look = asked.Read<LookForAttempt>();
                if (await FindRunAsync(asked, look.Attempt, cancellationToken) is not null)
                {
                    asked.ReplyWith(await otherDags.LookAsync(look.Question, cancellationToken));
                }

                break;
            case Methods.AskWatermark:
                var watermark = asked.Read<WatermarkForAttempt>();
                if (await FindRunAsync(asked, watermark.Attempt, cancellationToken) is { } reading)
                {
                    asked.ReplyWith(await askLeader(new AskWatermark(reading, await otherDags.TaskNowAsync(reading.Key, watermark.Task, cancellationToken), watermark.Attempt.Token, watermark.Question), cancellationToken));
                }

                break;
            case Methods.KeepRemoteJob:
                var started = asked.Read<RemoteJobForAttempt>();
                if (started.Job.FindProblem() is { } problem)
                {
                    asked.Fail(400, problem);
                }
                else
                {
                    asked.ReplyWith(await keep(new(started.Attempt, started.Job), cancellationToken));
                }

                break;
            case Methods.GetXCom:
                var xcom = asked.Read<FetchXCom>();
                if (await FindRunAsync(asked, xcom.Attempt, cancellationToken) is { } pulling)
                {
                    await AnswerAsync(asked, xcom, pulling.Dag, cancellationToken);
                }

                break;
            case Methods.GetAssetEvents:
                var events = asked.Read<FetchAssetEvents>();
                if (await FindRunAsync(asked, events.Attempt, cancellationToken) is not null)
                {
                    var query = new AssetEventQuery
                    {
                        Of = [events.IsAlias ? new AssetAlias(events.Name) : new Asset(events.Name)], SourceDag = events.SourceDag, NewestFirst = true, Limit = Math.Clamp(events.Limit, 1, 1_000),
                    };
                    asked.ReplyWith((await store.ReadModel.ListAssetEventsAsync(query, cancellationToken)).Reverse().ToArray());
                }

                break;
            case Methods.GetXComItems:
                var items = asked.Read<FetchXComItems>();
                if (await FindRunAsync(asked, items.Attempt, cancellationToken) is { } mapping)
                {
                    await AnswerAsync(asked, items, mapping.Dag, cancellationToken);
                }

                break;
        }
    }

    private async Task AnswerAsync(IncomingRequest asked, FetchXComItems wanted, DagId dag, CancellationToken cancellationToken)
    {
        try
        {
            var found = await lists.TakeAsync(wanted.Attempt.Run, wanted.Task, wanted.Key, wanted.Slice, cancellationToken);
            if (found is null && await store.ReadModel.FindNowAsync(dag, wanted.Task, cancellationToken) is { } now)
            {
                found = await lists.TakeAsync(wanted.Attempt.Run, now, wanted.Key, wanted.Slice, cancellationToken);
            }

            Reply(asked, found is null ? null : WireJson.Write(found), $"XCom '{wanted.Key}' of task '{wanted.Task}'");
        }
        catch (XComNoListException e)
        {
            asked.Fail(400, e.Message);
        }
    }

    private async Task AnswerAsync(IncomingRequest asked, FetchXCom xcom, DagId dag, CancellationToken cancellationToken)
    {
        var (run, task) = (xcom.Attempt.Run, new TaskId(xcom.Task));
        var (rows, isList) = await FindAsync(run, task, xcom.Key, cancellationToken);
        if (rows.Count == 0 && await store.ReadModel.FindNowAsync(dag, xcom.Task, cancellationToken) is { } now)
        {
            // Code that was written before the task was renamed says its former name.
            (rows, isList) = await FindAsync(run, new(now), xcom.Key, cancellationToken);
        }

        if (rows.Any(row => row.Object is not null))
        {
            asked.ReplyWith(new XComParts(isList, [.. rows.Select(row => row.Object is null ? new XComPart(row.Value, null) : new(null, row.Object))]), 303);
            return;
        }

        var value = rows.Count == 0 ? null : isList ? $"[{string.Join(',', rows.Select(row => row.Value))}]" : rows[0].Value;
        if (value?.Length > Frames.MaxBodyChars)
        {
            asked.Fail(400, $"The list of XComs '{xcom.Key}' of task '{xcom.Task}' has {value.Length} characters, more than the limit of {Frames.MaxBodyChars}; read them in pages by PullMappedAsync, or pull the values of single instances, such as {xcom.Task}[0].");
            return;
        }

        Reply(asked, value, $"XCom '{xcom.Key}' of task '{xcom.Task}'");
    }

    private async ValueTask<(IReadOnlyList<XComRow> Rows, bool IsList)> FindAsync(long run, TaskId task, string key, CancellationToken cancellationToken) =>
        await store.ReadModel.FindXComAsync(run, task, key, cancellationToken) is { } one
            ? ([one], false)
            : (await store.ReadModel.ListMappedXComsAsync(run, task, key, cancellationToken), true);

    private async Task AnswerAsync(IncomingRequest asked, SecretKind kind, CancellationToken cancellationToken)
    {
        var wanted = asked.Read<FetchForAttempt>();
        if (await FindRunAsync(asked, wanted.Attempt, cancellationToken) is { } run)
        {
            // A URI goes as it is, a variable's value, which may be any text, as JSON: see Methods.
            var name = kind == SecretKind.Connection ? ConnectionOverrides.Resolve(run.Connections, wanted.Name) : wanted.Name;
            var value = await vault.FindAsync(kind, name, cancellationToken);
            Reply(asked, value is null || kind == SecretKind.Connection ? value : WireJson.Write(value), $"{(kind == SecretKind.Connection ? "connection" : "variable")} '{name}'");
        }
    }

    private async Task<RunFacts?> FindRunAsync(IncomingRequest asked, AttemptId attempt, CancellationToken cancellationToken)
    {
        var run = await findRun(attempt, cancellationToken);
        if (run is null)
        {
            asked.Fail(409, $"Attempt {attempt} is not current; it gets nothing.");
        }

        return run;
    }

    private static void Reply(IncomingRequest asked, string? body, string what)
    {
        if (body is null)
        {
            asked.Fail(404, $"There is no {what}.");
        }
        else
        {
            asked.Reply(body);
        }
    }
}
