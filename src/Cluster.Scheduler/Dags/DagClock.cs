using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Scheduler.Dags;

/// <summary>A Dag's definition as this machine reads it, and which firing of its schedule is awaited.</summary>
internal sealed class DagClock
{
    /// <summary>A tick that fell into a takeover of this length is not missed, also without catchup (semantics.md, 1: five minutes).</summary>
    private static readonly TimeSpan TakeoverGrace = TimeSpan.FromMinutes(5);

    private Firing? _next;

    /// <summary>Null before the first definition.</summary>
    public DagGraph? Graph { get; private set; }

    /// <summary>Null while there is a <see cref="Problem"/>.</summary>
    public Timetable? Timetable { get; private set; }

    /// <summary>Why this machine cannot make a timetable of the definition. Another one may: a version of Sluice knows the zones of its day.</summary>
    public string? Problem { get; private set; }

    public void Adopt(DagGraph graph)
    {
        (Graph, Timetable, Problem, _next) = (graph, null, null, null);
        var spec = graph.Spec;
        try
        {
            Timetable = DagDates.Timetable(spec);
        }
        catch (FormatException e)
        {
            Problem = $"This scheduler cannot read the schedule of Dag '{spec.Id}': {e.Message}";
        }
    }

    /// <summary>The firing that is awaited: asked once and kept, since with catchup none the answer moves on with the clock. The interval of a run
    /// that follows on the last one ends whenever it is made.</summary>
    public Firing? Next(DagState dag, DateTimeOffset now) => Timetable is { IsContinuous: true } continuous
        ? continuous.Next(dag.LastScheduled, now)
        : _next ??= Timetable?.Next(dag.LastScheduled, now);

    /// <summary>The awaited firing is done with, or is to be judged anew.</summary>
    public void MoveOn() => _next = null;

    /// <summary>After a takeover without catchup: await what the leader before awaited, when that fell due a moment ago.</summary>
    public void Resume(DagState dag, DateTimeOffset now)
    {
        if (Graph?.Spec.Catchup == CatchupMode.None && dag.Since is { } since)
        {
            var graced = now - TakeoverGrace;
            _next = Timetable?.Next(dag.LastScheduled, since > graced ? since : graced);
        }
    }
}
