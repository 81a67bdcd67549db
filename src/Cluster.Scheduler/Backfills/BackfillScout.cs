using Sluice.Core.Assets;
using System.Runtime.CompilerServices;
using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Backfills;

/// <summary>Looks ahead on the way of a backfill: what becomes of its next intervals by the runs that are there. Holds a few hundred at a time.</summary>
internal sealed class BackfillScout(IReadModel readModel, DagId dag, BackfillWalk walk, Reprocess reprocess, DateTimeOffset madeAt)
{
    private const int Reach = 500;

    /// <summary>The timetable of a Dag, as backfills take it.</summary>
    /// <exception cref="FormatException">The schedule cannot be read on this machine; one sentence.</exception>
    public static Timetable TimetableOf(DagSpec spec) => DagDates.Timetable(spec);

    /// <summary>The steps after the interval with a logical date; from the beginning when it is null.</summary>
    /// <exception cref="Storage.StoreException">The store could not be read.</exception>
    public async IAsyncEnumerable<BackfillStep> After(DateTimeOffset? cursor, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var ahead in walk.After(cursor).Chunk(Reach))
        {
            var (first, last) = ahead[0].Start < ahead[^1].Start ? (ahead[0].Start, ahead[^1].Start) : (ahead[^1].Start, ahead[0].Start);
            // The store keeps whole microseconds.
            var query = new RunQuery { Dag = dag, From = first, Before = last.AddMicroseconds(1), Limit = int.MaxValue };
            var existing = new Dictionary<DateTimeOffset, DagRunRow>();
            foreach (var run in await readModel.ListRunsAsync(query, cancellationToken))
            {
                if (run.Facts.Type.IsOfInterval())
                {
                    existing.TryAdd(run.Facts.LogicalDate, run);
                }
            }

            foreach (var interval in ahead)
            {
                yield return BackfillStep.Of(interval, Existing(existing.GetValueOrDefault(interval.Start)), reprocess, madeAt);
            }
        }
    }

    public static ExistingRun? Existing(DagRunRow? run) => run is null ? null : new(run.Facts.Id, run.State, run.EndedAt);
}
