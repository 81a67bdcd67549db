using Sluice.Core.CrossDag;
using Sluice.Core.DagRuns;
using Sluice.Core.Params;
using Sluice.Core.Schedules;
using Sluice.Scheduler.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Dags;

/// <content>Runs that tasks trigger.</content>
internal sealed partial class DagActor
{
    private async ValueTask OnTriggerForTaskAsync(TriggerForTask asked)
    {
        var trigger = asked.Trigger;

        // The run that it made before counts whatever has changed since: asking again must not fail because the Dag was paused meanwhile.
        foreach (var candidate in asked.Candidates)
        {
            if (await FindRunAsync(candidate.Id) is { } made && made.Facts.TriggeredBy == candidate.By
                && (candidate == asked.Candidates[0] || !trigger.AnewAfter.Contains(made.State)))
            {
                AnswerAfterCommit(new CreateRunAnswer(made.Facts, Ended: made.State));
                return;
            }
        }

        var (runId, by) = asked.Candidates[0];
        var there = await FindRunAsync(runId);
        if (!_dag.Active || _clock.Timetable is not { } timetable)
        {
            Refuse(_clock.Problem ?? $"Dag '{id}' is not defined by any file now; it cannot be run.");
        }
        else if (_dag.Paused && trigger.FailWhenPaused)
        {
            Refuse($"Dag '{id}' is paused. Let it go on with: sluice dags unpause {id}");
        }
        else if (ParamRules.Refuse(Spec, trigger.Conf) is { } broken)
        {
            Refuse(broken);
        }
        else if (trigger.Reset && there is { State: RunState.Success or RunState.Failed, Facts: var ended })
        {
            await ResetAsync(ended, by);
        }
        else if (there is { Facts: var foreign })
        {
            var why = $"Dag '{id}' has a run '{runId}' already, made by {Maker(foreign)}{(trigger.Reset ? "; it is in flight, and only a run that has ended can be reset" : "")}.";
            AnswerAfterCommit(trigger.SkipWhenExists ? new CreateRunAnswer(null, Skipped: why) : new CreateRunAnswer(null, why));
        }
        else
        {
            var facts = await _maker.NewAsync(_dag, RunType.Manual, runId, IntervalByHand(timetable, trigger.LogicalDate), trigger.Conf, backfill: null, Now);
            var append = new Append(StreamOf(id));
            append.Changes.Add(new AuditRow(Now, by, "runs.trigger", $"{id}/{facts.Id}", trigger.Conf));
            await MakeAsync(new(facts with { TriggeredBy = by }, TokenBase: 0), append, answer: true);
        }
    }

    /// <summary>Runs an ended run again from the beginning, in its version and with its conf.</summary>
    private async ValueTask ResetAsync(RunFacts ended, string by)
    {
        var graph = await GraphAsync(ended);
        var (created, cleared) = await _maker.AgainAsync(ended, ended with { TriggeredBy = by }, graph.Spec, await DeadlinesOfAsync(ended.Key), Now);
        var append = new Append(StreamOf(id));
        append.Changes.AddRange(cleared);
        append.Changes.Add(new AuditRow(Now, by, "runs.reset", $"{id}/{ended.Id}", ""));
        if (Context.Sender is { } asker)
        {
            append.OnCommitted.Add(new(asker, new CreateRunAnswer(created.Facts)));
        }

        Settle(new(graph, created), append, due: null);
        await StartQueuedAsync();
    }

    private static string Maker(RunFacts run) => run.TriggeredBy is { } by ? RunTrigger.Show(by) : run.Backfill is { } backfill ? $"backfill {backfill}" : "its schedule";

    private DataInterval IntervalByHand(Timetable timetable, DateTimeOffset? logicalDate)
    {
        var interval = logicalDate is { } date ? new DataInterval(date, timetable.ManualInterval(date).End) : timetable.ManualInterval(Now);
        return interval.End < interval.Start ? new(interval.Start, interval.Start) : interval;
    }

    /// <summary>A run in whatever state, also one that is not on disk yet.</summary>
    private async ValueTask<(RunFacts Facts, RunState State)?> FindRunAsync(RunId runId)
    {
        var row = await company.ReadModel.FindRunAsync(id, runId, CancellationToken.None);
        var facts = _runs.FindOfId(runId) ?? _unwritten.Values.FirstOrDefault(run => run.Facts.Id == runId)?.Facts ?? row?.Facts;
        return facts is null ? null
            : _changed.TryGetValue(facts.Key, out var changed) ? (changed.Facts, changed.Phase)
            : (facts, row?.State ?? RunState.Queued);
    }

    /// <summary>What it tells of may have been decided a moment ago, and must be on disk before anyone hears of it.</summary>
    private void AnswerAfterCommit(CreateRunAnswer answer)
    {
        if (Context.Sender is { } asker)
        {
            var append = new Append(StreamOf(id));
            append.OnCommitted.Add(new(asker, answer));
            Tell(append);
        }
    }
}
