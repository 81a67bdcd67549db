using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Workers;

/// <content>Stops in order: takes nothing more, ends what has not begun, and waits for the rest until its time is up.</content>
internal sealed partial class WorkerActor
{
    private static readonly TimeSpan LastReportsWithin = TimeSpan.FromSeconds(5);

    private void OnDrain(Drain drain)
    {
        _draining.Asker = Context.Sender;
        if (_draining.Begin(Context.Time.GetUtcNow() + drain.Patience))
        {
            Register();
            BeginDraining();
        }

        FinishDrain(force: false);
    }

    private void BeginDraining()
    {
        foreach (var held in _books.Held.Where(h => h.Slot is null).ToArray())
        {
            Kill(held.Id, "The worker is stopping.", OutcomeKind.Lost);
        }

        Context.Timers.StartSingle(DrainIsOver.Instance, _draining.Until - Context.Time.GetUtcNow(), DrainIsOver.Instance);
    }

    private void FinishDrain(bool force)
    {
        if (_draining.Asker is not { } asker || _books.Count > 0)
        {
            return;
        }

        if (_books.Reports.Count == 0 || force)
        {
            asker.Tell(new Drained(_books.Reports.Count));
            _draining.Asker = null;
        }
        else if (!Context.Timers.IsActive(GiveUpReporting.Instance))
        {
            Context.Timers.StartSingle(GiveUpReporting.Instance, LastReportsWithin, GiveUpReporting.Instance);
        }
    }

    private sealed record DrainIsOver
    {
        public static DrainIsOver Instance { get; } = new();
    }

    private sealed record GiveUpReporting
    {
        public static GiveUpReporting Instance { get; } = new();
    }
}
