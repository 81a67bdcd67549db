using Microsoft.Extensions.Logging;
using Sluice.Core.Dags;
using Sluice.Scheduler.Dispatch;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Dags;

/// <content>What the Dag is: the version that its file defines now.</content>
internal sealed partial class DagActor
{
    private async ValueTask OnDefineAsync(Define define)
    {
        var waited = _makesNoRuns;
        _makesNoRuns = false;
        if (_dag.Active && _dag.Version == define.Version && _dag.Bundle == define.Bundle && _dag.File == define.File)
        {
            if (waited)
            {
                await ScheduleAsync();
            }

            return;
        }

        var before = _dag.Version;
        var isNewVersion = before != define.Version;
        var condition = Condition;
        await LookAtAssetsAsync(condition);
        Adopt(company.Versions.Add(define.Version, define.Spec));
        var append = Change([new DagDefined(define.Version, define.Bundle, define.File, Now), .. await FollowAsync(condition), .. Faults()]);
        TellAssets();

        // A backfill goes on by the version that it was made of, which may have no run yet.
        var replaced = isNewVersion && _claims.IsEmpty ? before : null;
        append.Changes.Add(new DagVersionRow(define.Version, id, DagSpecJson.Serialize(define.Spec), Now, replaced));
        Tell(append);
        if (isNewVersion)
        {
            LogDefined(Context.Logger, id, define.Version, define.File);
        }

        if (isNewVersion)
        {
            StopWatching("the watcher has another definition now");
        }

        // Its limit may have been raised.
        await StartQueuedAsync();
        await ScheduleAsync();
    }

    private void Adopt(DagGraph graph)
    {
        _clock.Adopt(graph);
        if (_clock.Problem is { } problem)
        {
            LogFaulted(Context.Logger, problem);
        }

        TellLimit();
    }

    /// <summary>What this machine cannot read is shown as a problem of this Dag: the others go on.</summary>
    private List<DagEvent> Faults() => _clock.Problem == _dag.Problem ? [] : [new DagFaulted(_clock.Problem)];

    private void TellLimit() => company.Runs.Dispatcher.Tell(new DagLimit(id, Spec.MaxActiveTasks, _dag.Paused), Context.Self);

    [LoggerMessage(Level = LogLevel.Information, Message = "Dag {Dag} is at version {Version} from {File}")]
    private static partial void LogDefined(ILogger logger, DagId dag, string version, string file);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Problem} Nothing new of it runs here.")]
    private static partial void LogFaulted(ILogger logger, string problem);
}
