using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Journal;

namespace Sluice.Scheduler.Dags;

/// <content>Deadlines of runs that wait for their turn: these have no actor of their own that could watch the clock.</content>
internal sealed partial class DagActor
{
    private const int DeadlinesAtOnce = 50; // a hundred thousand runs may wait for one fixed moment

    private async ValueTask OnDeadlineAsync()
    {
        for (var looked = 0; looked < DeadlinesAtOnce && NextQueuedDeadline is { } next && next.Due <= Now; looked++)
        {
            var append = new Append(StreamOf(id));
            var run = _dag.Queued.Contains(next.Run) ? await ReviveAsync(next.Run) : null;
            if (run is null)
            {
                Fold(append, new QueuedDeadlinePassed(next.Run, next.Due)); // its row was deleted
                Tell(append);
                continue;
            }

            Project(run, DagRunDecider.Decide(run, new MissDeadlines(Now)), append);
            Fold(append, new QueuedDeadlinePassed(next.Run, next.Due, run.NextDeadline));
            append.Changes.Add(DagRunRows.Of(run));
            _changed[next.Run] = run;
            append.OnCommitted.Add(new(Context.Self, new ChangeWritten(run)));
            Tell(append);
        }

        SetDeadlineAlarm();
    }

    private QueuedDeadline? NextQueuedDeadline => _dag.QueuedDeadlines.IsEmpty ? null : _dag.QueuedDeadlines.Min;

    /// <summary>Sets the alarm for the earliest; a day at a time, since it may be far away.</summary>
    private void SetDeadlineAlarm()
    {
        if (NextQueuedDeadline is { } next)
        {
            var wait = Math.Clamp((next.Due - Now).Ticks, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerDay);
            Context.Timers.StartSingle("deadline", TimeSpan.FromTicks(wait), DeadlineIsUp.Instance);
        }
    }

    /// <summary>What came of the deadlines of a run that is over.</summary>
    private async ValueTask<IReadOnlyList<RunDeadline>?> DeadlinesOfAsync(long key) => _changed.TryGetValue(key, out var changed)
        ? changed.Deadlines
        : (await company.ReadModel.FindRunAsync(key, CancellationToken.None))?.Deadlines;

    private sealed record DeadlineIsUp
    {
        public static DeadlineIsUp Instance { get; } = new();
    }
}
