using Sluice.Core.Assets;
using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Params;
using Sluice.Core.Schedules;
using Sluice.Scheduler.Backfills;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Journal;
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Dags;

/// <content>How runs come about: by the timetable, by hand or for a backfill, at once or when their turn comes.</content>
internal sealed partial class DagActor
{
    /// <summary>Creates every run that is due and allowed now, and sets the alarm for the next.</summary>
    private async ValueTask ScheduleAsync()
    {
        if (_makesNoRuns)
        {
            return;
        }

        await ScheduleByAssetsAsync();
        while (_clock.Timetable is not null && _dag is { Active: true, Paused: false })
        {
            if (_clock.Next(_dag, Now) is not { } firing)
            {
                return;
            }

            if (firing.RunAfter > Now)
            {
                var wait = Math.Clamp((firing.RunAfter - Now).Ticks, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerDay);
                Context.Timers.StartSingle("tick", TimeSpan.FromTicks(wait), Tick.Instance);
                return;
            }

            // Creation stops at the limit; a run that ends lets it go on.
            if (_runs.Counted + _dag.Queued.Count >= Spec.MaxActiveRuns)
            {
                return;
            }

            _clock.MoveOn();
            if (_runs.FindOfInterval(firing.LogicalDate) is not null || await _maker.FindAsync(firing.LogicalDate) is not null)
            {
                // A backfill was here first.
                Write(new IntervalScheduled(firing.Interval));
                continue;
            }

            var runId = RunIds.Of(RunType.Scheduled, firing.LogicalDate);
            var facts = await _maker.NewAsync(_dag, RunType.Scheduled, runId, firing.Interval, "{}", null, Now);
            await MakeAsync(new(facts, TokenBase: 0), Change(new IntervalScheduled(firing.Interval)), answer: false);
        }
    }

    private async ValueTask OnTriggerAsync(TriggerRun trigger)
    {
        if (!_dag.Active || _clock.Timetable is not { } timetable)
        {
            Refuse(_clock.Problem ?? $"Dag '{id}' is not defined by any file now; it cannot be run.");
            return;
        }

        if (ParamRules.Refuse(Spec, trigger.Conf) is { } broken)
        {
            Refuse(broken);
            return;
        }

        var interval = IntervalByHand(timetable, trigger.LogicalDate);
        var runId = trigger.RunId is { } given ? new RunId(given) : RunIds.Of(RunType.Manual, Now);
        if (_runs.Has(runId) || _unwritten.Values.Any(run => run.Facts.Id == runId)
            || await company.ReadModel.FindRunAsync(id, runId, CancellationToken.None) is not null)
        {
            Refuse($"Dag '{id}' has a run '{runId}' already.");
            return;
        }

        var facts = await _maker.NewAsync(_dag, RunType.Manual, runId, interval, trigger.Conf, backfill: null, Now);
        await MakeAsync(new(facts with { TriggeredBy = trigger.By }, TokenBase: 0), new(StreamOf(id)), answer: true);
    }

    private async ValueTask OnBackfillAsync(BackfillRun backfill)
    {
        if (!_dag.Active)
        {
            Refuse($"Dag '{id}' is not defined by any file now; it cannot be backfilled.");
            return;
        }

        var date = backfill.Interval.Start;
        if ((_runs.FindOfInterval(date) ?? _unwritten.Values.FirstOrDefault(run => run.Facts.LogicalDate == date && run.Facts.Type.IsOfInterval())?.Facts) is { } living)
        {
            // Asked again after a takeover: this is the run that it asked for.
            Context.Sender?.Tell(living.Backfill == backfill.Backfill
                ? new CreateRunAnswer(living)
                : new CreateRunAnswer(null, Skipped: $"Run '{living.Id}' of this interval is in flight."));
            return;
        }

        var existing = await _maker.FindAsync(date);
        if (existing is { State: RunState.Success or RunState.Failed } && existing.Facts.Backfill == backfill.Backfill)
        {
            Context.Sender?.Tell(new CreateRunAnswer(existing.Facts, Ended: existing.State));
        }
        else if (BackfillStep.Of(backfill.Interval, BackfillScout.Existing(existing), backfill.Reprocess, backfill.MadeAt) is { Action: BackfillAction.Skip } left)
        {
            // Someone else was here after the backfill had looked.
            Context.Sender?.Tell(new CreateRunAnswer(null, Skipped: $"Run '{left.Run}' is left as it is: {left.Why}."));
        }
        else
        {
            var facts = await OfVersionAsync(backfill, existing?.Facts);
            var graph = await GraphAsync(facts);
            if (ParamRules.Refuse(graph.Spec, backfill.Conf) is { } broken)
            {
                Refuse(broken);
                return;
            }

            var append = new Append(StreamOf(id));
            var created = new RunCreated(facts with { Connections = backfill.Connections }, 0);
            if (existing is not null)
            {
                (created, var cleared) = await _maker.AgainAsync(existing.Facts, created.Facts, graph.Spec, existing.Deadlines, Now);
                append.Changes.AddRange(cleared);
            }

            await MakeAsync(created, append, answer: true);
        }
    }

    /// <summary>Writes a new run, and begins it when it need not wait for its turn.</summary>
    private async ValueTask MakeAsync(RunCreated made, Append append, bool answer)
    {
        var facts = made.Facts;
        var graph = await GraphAsync(facts);
        var created = made with { Deadlines = made.Deadlines ?? await _maker.DeadlinesAsync(graph.Spec, facts) };
        var waits = MustWait(facts);
        if (waits)
        {
            // Only its key is kept here; it becomes an actor when its turn comes.
            Fold(append, new RunQueued(facts.Key, Deadlines.Next(created.Deadlines)));
            _unwritten.Add(facts.Key, created);
            append.OnCommitted.Add(new(Context.Self, new Written(facts.Key)));
        }
        else
        {
            append.Others.Add(new JournalEntry(DagRunActor.StreamOf(facts.Key), DagRunJson.Serialize(created)));
        }

        append.Changes.Insert(0, new DagRunRow { Facts = facts, State = RunState.Queued, Deadlines = created.Deadlines });
        if (answer && Context.Sender is { } asker)
        {
            append.OnCommitted.Add(new(asker, new CreateRunAnswer(facts, null)));
        }

        // The journal has this before anything of the run itself: the run's actor starts after.
        Tell(append);
        if (!waits)
        {
            _runs.Begin(new(graph, created), isNew: true);
        }
    }

    private async ValueTask StartQueuedAsync()
    {
        while (_clock.Graph is not null && _dag is { Paused: false, Queued.IsEmpty: false } && _runs.Counted < Spec.MaxActiveRuns)
        {
            var key = _dag.Queued.Min;
            var run = await ReviveAsync(key);
            var append = new Append(StreamOf(id));
            Fold(append, new RunUnqueued(key, run?.NextDeadline));
            if (run is null)
            {
                Tell(append); // its row was deleted
                continue;
            }

            _changed.Remove(key);
            Begin(run, append);
        }
    }

    private void Refuse(string why) => Context.Sender?.Tell(new CreateRunAnswer(null, why));

    /// <summary>The read model shows this queued run from now on.</summary>
    private sealed record Written(long Run);

    private sealed record Tick
    {
        public static Tick Instance { get; } = new();
    }
}
