using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Worker.Workers;

/// <content>Tells the leader how attempts ended, again and again until that is durable.</content>
internal sealed partial class WorkerActor
{
    private static readonly TimeSpan RepeatReportsAfter = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan GatherReportsFor = TimeSpan.FromMilliseconds(3);

    private bool _flushIsDue;

    // While more waits here than there are slots for, nobody is kept waiting by a report: they gather, and a task costs a fraction of a frame.
    // Else the flush waits only behind what is in the mailbox now, so that all ends that have come together travel together.
    private void FlushSoon()
    {
        if (_flushIsDue || !_books.Reports.HasSomethingToSend)
        {
            return;
        }

        if (_slots.Waiting == 0)
        {
            _flushIsDue = true;
            Context.Self.Tell(Flush.Instance);
        }
        else if (!Context.Timers.IsActive(Flush.Instance))
        {
            Context.Timers.StartSingle(Flush.Instance, GatherReportsFor, Flush.Instance);
        }
    }

    private void OnFlush()
    {
        _flushIsDue = false;

        // Else it goes out with the next registration, or right after it.
        if (_leader.IsRegistered && _books.Reports.HasSomethingToSend)
        {
            while (_books.Reports.HasSomethingToSend)
            {
                _leader.Send(new TaskReports(_books.Reports.TakeBatch()));
            }

            RepeatReportsLater();
        }
    }

    private void OnRepeatReports()
    {
        if (_leader.IsRegistered)
        {
            _books.Reports.RepeatOlderThan(RepeatReportsAfter);
            FlushSoon();
        }

        RepeatReportsLater();
    }

    // No timer while nothing waits for its acknowledgement: an idle worker sleeps.
    private void RepeatReportsLater()
    {
        if (_books.Reports.Count > 0 && !Context.Timers.IsActive(RepeatReports.Instance))
        {
            Context.Timers.StartSingle(RepeatReports.Instance, RepeatReportsAfter / 2, RepeatReports.Instance);
        }
    }

    private sealed record Flush
    {
        public static Flush Instance { get; } = new();
    }

    private sealed record RepeatReports
    {
        public static RepeatReports Instance { get; } = new();
    }
}
