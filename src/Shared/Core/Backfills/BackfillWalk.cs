using Sluice.Core.Schedules;

namespace Sluice.Core.Backfills;

/// <summary>The way of a backfill over its intervals, which are worked out as they are reached: a long range costs no memory.</summary>
/// <param name="timetable">The timetable as it was when the backfill was made: a schedule that changes meanwhile changes nothing here.</param>
/// <param name="range"><c>[Start, End)</c> by logical date.</param>
/// <param name="order">Which end it begins at.</param>
/// <param name="completeBy">Only intervals that had ended by then are part of it.</param>
public sealed class BackfillWalk(Timetable timetable, DataInterval range, BackfillOrder order, DateTimeOffset completeBy)
{
    private const int SmallBlock = 64;
    private const int LargeBlock = 1024;

    private static readonly TimeSpan FirstStride = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestStride = TimeSpan.FromDays(3650);

    /// <summary>The intervals after the one with a logical date, in the order of the walk. Lazy.</summary>
    /// <param name="cursor">Logical date of the last interval that was dealt with; null at the beginning.</param>
    public IEnumerable<DataInterval> After(DateTimeOffset? cursor) => order == BackfillOrder.Oldest
        ? timetable.Between(cursor?.AddTicks(1) ?? range.Start, range.End).TakeWhile(interval => interval.End <= completeBy)
        : Backwards(cursor ?? range.End);

    // A timetable counts forwards, so this goes back in strides, each of them counted forwards. Any cut by logical date will do.
    private IEnumerable<DataInterval> Backwards(DateTimeOffset end)
    {
        // What begins later cannot be complete: an end in a far future costs nothing.
        end = end > completeBy ? completeBy.AddTicks(1) : end;
        for (var stride = FirstStride; end > range.Start;)
        {
            var start = end - range.Start > stride ? end - stride : range.Start;
            var block = timetable.Between(start, end).Where(interval => interval.End <= completeBy).ToArray();
            for (var i = block.Length - 1; i >= 0; i--)
            {
                yield return block[i];
            }

            end = start;
            stride = block.Length < SmallBlock ? TimeSpan.FromTicks(Math.Min(stride.Ticks * 4, LongestStride.Ticks))
                : block.Length > LargeBlock ? stride / 4
                : stride;
        }
    }
}
