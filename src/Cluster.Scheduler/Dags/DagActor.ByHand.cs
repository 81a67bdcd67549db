using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Callbacks;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Journal;
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Dags;

/// <content>What people change by hand in runs that are over, or wait for their turn: these have no actor (docs/concepts/clearing.md).</content>
internal sealed partial class DagActor
{
    private const string Busy = "The run begins or ends at this moment; try again.";

    private readonly Dictionary<long, DagRunState> _changed = []; // runs without actor whose change the read model may not show yet
    private readonly Dictionary<long, List<ChangeAfterwards>> _afterwards = [];

    private async ValueTask OnChangeAsync(ChangeRun change, ActorRef? asker)
    {
        if (change is { Version: { } wanted, Upgrade: null })
        {
            var (upgrade, refusal) = await UpgradeAsync(change.Key, wanted);
            if (refusal is not null)
            {
                asker?.Tell(RunChange.Refused(refusal));
                return;
            }

            change = change with { Upgrade = upgrade };
        }

        if (_runs.Find(change.Key) is { } living)
        {
            living.Tell(change, asker);
            return;
        }

        if (await ReviveAsync(change.Key) is not { } run)
        {
            asker?.Tell(RunChange.Refused(Busy));
            return;
        }

        var commands = change.Commands(Now);
        var planned = RunChange.Of(run, commands);
        if (change.DryRun || planned.IsEmpty)
        {
            asker?.Tell(planned);
            return;
        }

        var append = new Append(StreamOf(id));
        if (asker is not null)
        {
            append.OnCommitted.Add(new(asker, planned));
        }

        var due = run.NextDeadline;
        foreach (var command in commands)
        {
            Project(run, DagRunDecider.Decide(run, command), append);
        }

        Settle(run, append, due);
        await StartQueuedAsync();
        await ScheduleAsync();
    }

    /// <summary>What follows from events of a run that has no actor.</summary>
    private void Project(DagRunState run, IReadOnlyList<DagRunEvent> events, Append append)
    {
        foreach (var happened in events)
        {
            switch (happened)
            {
                case RunUpgraded e:
                    append.Changes.Add(new DagVersionRow(run.Facts.Version, id, DagSpecJson.Serialize(run.Graph.Spec), Now));
                    append.Changes.AddRange(DagRunRows.OfChange(run, e, Now));
                    break;
                case TasksCleared e:
                    append.Changes.AddRange(DagRunRows.OfChange(run, e, Now));
                    break;
                case TasksMarked e:
                    append.Changes.AddRange(DagRunRows.OfChange(run, e, Now));
                    break;
                case TasksResolved e:
                    append.Changes.AddRange(e.Tasks.Select(instance => DagRunRows.OfResolution(run, instance, e, Now)));
                    break;
                case DeadlineMissed e:
                    DagRunActor.LogMissed(Context.Logger, run.Facts.Dag, run.Facts.Id, e.Name, e.Due.UtcDateTime);
                    break;
                case CallbackDue e:
                    CallbackRequests.Add(append, run, e, company.Runs, Now);
                    break;
            }
        }
    }

    /// <summary>A run that was changed without an actor begins, waits for its turn, or is over.</summary>
    /// <param name="run">The run.</param>
    /// <param name="append">What was changed.</param>
    /// <param name="due">Its next deadline until then.</param>
    private void Settle(DagRunState run, Append append, DateTimeOffset? due)
    {
        var key = run.Facts.Key;
        append.Changes.Add(DagRunRows.Of(run));
        var begins = false;
        if (run.Phase != RunState.Queued)
        {
            if (_dag.Queued.Contains(key))
            {
                Fold(append, new RunUnqueued(key, due));
            }

            if (run.Phase == RunState.Success)
            {
                Fold(append, new RunSucceeded(run.Facts.Interval, run.StartedAt ?? run.Facts.CreatedAt, run.EndedAt));
            }
        }
        else if (!_dag.Queued.Contains(key))
        {
            begins = !MustWait(Again(run.Facts));
            if (!begins)
            {
                Fold(append, new RunQueued(key, run.NextDeadline));
            }
        }

        if (_clock.Graph?.HasPast == true)
        {
            append.OnCommitted.Add(new(Context.Self, new PastMoved(key)));
        }

        if (begins)
        {
            _changed.Remove(key);
            Begin(run, append);
            return;
        }

        _changed[key] = run;
        append.OnCommitted.Add(new(Context.Self, new ChangeWritten(run)));
        Tell(append);
    }

    /// <summary>Begins a run from what an earlier life left, or from nothing.</summary>
    private void Begin(DagRunState run, Append append)
    {
        var created = new RunCreated(Again(run.Facts), run.TokenBase, run.HasEarlierLife ? run.Snapshot() : null, run.HasEarlierLife ? null : run.Deadlines);
        append.Others.Add(new JournalEntry(DagRunActor.StreamOf(run.Facts.Key), DagRunJson.Serialize(created)));

        // The journal has this before anything of the run itself: the run's actor starts after.
        Tell(append);
        _runs.Begin(new(run.Graph, created), isNew: true);
    }

    private void OnChangeWritten(DagRunState run)
    {
        if (_changed.TryGetValue(run.Facts.Key, out var latest) && ReferenceEquals(latest, run))
        {
            _changed.Remove(run.Facts.Key);
        }
    }

    /// <summary>The run's own actor has ended it: what was asked of it is asked again when that is on disk.</summary>
    private async ValueTask OnAfterwardsAsync(ChangeAfterwards later)
    {
        if (_runs.Find(later.Change.Key) != later.Run)
        {
            await OnChangeAsync(later.Change, later.Asker);
        }
        else if (_afterwards.TryGetValue(later.Change.Key, out var waiting))
        {
            waiting.Add(later);
        }
        else
        {
            _afterwards.Add(later.Change.Key, [later]);
        }
    }

    private async ValueTask TakeUpAfterwardsAsync(long key)
    {
        if (_afterwards.Remove(key, out var waiting))
        {
            foreach (var later in waiting)
            {
                await OnChangeAsync(later.Change, later.Asker);
            }
        }
    }

    private async ValueTask OnWhyAsync(WhyTask question)
    {
        var asker = Context.Sender;
        if (_runs.Find(question.Key) is { } living)
        {
            living.Tell(question, asker);
        }
        else if (await ReviveAsync(question.Key) is { } run)
        {
            asker?.Tell(TaskWhy.Of(run, question.Task, _dag.Queued.Contains(question.Key) ? WhyQueued : null));
        }
        else
        {
            asker?.Tell(TaskWhy.Refused(Busy));
        }
    }

    /// <summary>The state of a run that has no actor; null when there is no such run, or another one is about to own it.</summary>
    private async ValueTask<DagRunState?> ReviveAsync(long key)
    {
        if (_changed.TryGetValue(key, out var changed))
        {
            return changed;
        }

        if (_unwritten.TryGetValue(key, out var created))
        {
            return new(await GraphAsync(created.Facts), created);
        }

        if (await company.ReadModel.FindRunAsync(key, CancellationToken.None) is not { } row
            || row.State == RunState.Running || (row.State == RunState.Queued && !_dag.Queued.Contains(key)))
        {
            return null;
        }

        var instances = new Dictionary<TaskId, EarlierInstance>();
        foreach (var attempt in await company.ReadModel.ListTaskInstancesAsync(key, CancellationToken.None))
        {
            instances[attempt.Task] = new(attempt.Token, attempt.TryNumber, attempt.State); // by token: the last one counts
        }

        var memory = await company.ReadModel.FindRunMemoryAsync(key, CancellationToken.None);
        return DagRunState.Revive(
            await GraphAsync(row.Facts), row.Facts, row.State, memory is null ? null : DagRunJson.DeserializeMemory(memory), instances,
            row.StartedAt, row.EndedAt, row.Reason, row.Deadlines);
    }

    private static RunFacts Again(RunFacts facts) => facts with { LeftByBackfill = facts.Type == RunType.Backfill };

    private ValueTask<DagGraph> GraphAsync(RunFacts facts) => company.Versions.GetAsync(facts.Version, CancellationToken.None);

    private bool MustWait(RunFacts facts) =>
        RunsInFlight.Counts(facts) && (_dag.Paused || !_dag.Queued.IsEmpty || _runs.Counted >= Spec.MaxActiveRuns);

    /// <summary>The read model shows this state from now on.</summary>
    private sealed record ChangeWritten(DagRunState Run);
}
