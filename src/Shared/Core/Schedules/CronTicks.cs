using NodaTime;

namespace Sluice.Core.Schedules;

/// <summary>The instants at which a cron expression fires on the wall clock of a zone, whatever that clock does.</summary>
/// <remarks>
/// A wall-clock time that the clock skips fires later by the length of the gap. One that it shows twice fires the second time; an expression that
/// allows every hour fires both times. Ticks are a set of instants: two wall-clock times that fall on one instant are one tick, so that the
/// sequence is strictly increasing by construction. See docs/concepts/schedules.md.
/// </remarks>
internal sealed class CronTicks(WallTicks cron, DateTimeZone zone) : Ticks
{
    // More than any offset plus any gap (Apia skipped a whole day in 2011).
    private static readonly TimeSpan Margin = TimeSpan.FromDays(3);
    private static readonly DateTime Earliest = new DateTime(0, DateTimeKind.Utc) + Margin;
    private static readonly DateTime Latest = new DateTime(DateTime.MaxValue.Ticks, DateTimeKind.Utc) - Margin;

    /// <summary>What ticks on the wall clock.</summary>
    public WallTicks Wall => cron;

    public override DateTime? After(DateTime instant)
    {
        var after = Clamp(instant);
        var span = SpanAt(after);
        while (true)
        {
            var next = span.End < Latest ? SpanAt(span.End) : span;
            var wall = cron.Next(after + span.Offset);
            var tick = Earlier(wall < FiringEnd(span, next) ? wall - span.Offset : null, SkippedAfter(after, span));
            if (tick is not null)
            {
                return AsUtc(tick.Value);
            }

            if (wall is null || span.End >= Latest)
            {
                return null;
            }

            // Nothing fires until shortly before the next match, unless the clock is about to go back to before where it stands.
            var resume = wall.Value - Margin;
            if (resume > span.End && after + span.Offset < span.End + next.Offset)
            {
                after = resume;
                span = SpanAt(after);
            }
            else
            {
                after = span.End.AddTicks(-1);
                span = next;
            }
        }
    }

    public override DateTime? Before(DateTime instant)
    {
        var before = Clamp(instant);
        var span = SpanAt(before.AddTicks(-1));
        while (true)
        {
            var previous = span.Start > Earliest ? SpanAt(span.Start.AddTicks(-1)) : span;
            var next = span.End < Latest ? SpanAt(span.End) : span;
            var end = Earlier(before + span.Offset, FiringEnd(span, next))!.Value;
            var wall = cron.Previous(end);
            var tick = Later(wall >= span.Start + span.Offset ? wall - span.Offset : null, SkippedBefore(before, span, previous));
            if (tick is not null)
            {
                return AsUtc(tick.Value);
            }

            if (wall is null || span.Start <= Earliest)
            {
                return null;
            }

            var resume = wall.Value + Margin;
            before = resume < span.Start && end >= span.Start + previous.Offset ? resume : span.Start;
            span = before == span.Start ? previous : SpanAt(before.AddTicks(-1));
        }
    }

    /// <summary>The wall-clock time at which a span stops firing: where the clock will stand when it is set back, or else the span's own end.</summary>
    private DateTime FiringEnd(Span span, Span next) =>
        span.End + (next.Offset < span.Offset && !cron.RunsEveryHour ? next.Offset : span.Offset);

    /// <summary>The first wall-clock match skipped at the start of a span that fires, moved, after an instant within the span.</summary>
    private DateTime? SkippedAfter(DateTime after, Span span)
    {
        if (span.Start <= Earliest)
        {
            return null;
        }

        var previous = SpanAt(span.Start.AddTicks(-1));
        if (after + previous.Offset >= span.Start + span.Offset || previous.Offset >= span.Offset)
        {
            return null;
        }

        var from = after < span.Start ? span.Start.AddTicks(-1) : after;
        var wall = cron.Next(from + previous.Offset);
        return wall < span.Start + span.Offset && wall - previous.Offset < span.End ? wall - previous.Offset : null;
    }

    /// <summary>The last wall-clock match skipped at the start of a span that fires, moved, before an instant.</summary>
    private DateTime? SkippedBefore(DateTime before, Span span, Span previous)
    {
        if (previous.Offset >= span.Offset)
        {
            return null;
        }

        var wall = cron.Previous(Earlier(before + previous.Offset, span.Start + span.Offset)!.Value);
        return wall >= span.Start + previous.Offset && wall - previous.Offset < span.End ? wall - previous.Offset : null;
    }

    private Span SpanAt(DateTime utc)
    {
        var interval = zone.GetZoneInterval(Instant.FromDateTimeUtc(AsUtc(utc)));
        return new(
            interval.HasStart ? Clamp(interval.Start) : Earliest,
            interval.HasEnd ? Clamp(interval.End) : Latest,
            interval.WallOffset.ToTimeSpan());
    }

    private static DateTime Clamp(Instant instant) =>
        instant < Instant.FromDateTimeUtc(Earliest) ? Earliest : instant > Instant.FromDateTimeUtc(Latest) ? Latest : instant.ToDateTimeUtc();

    private static DateTime Clamp(DateTime instant) => instant < Earliest ? Earliest : instant > Latest ? Latest : instant;

    private static DateTime AsUtc(DateTime time) => DateTime.SpecifyKind(time, DateTimeKind.Utc);

    private static DateTime? Earlier(DateTime? a, DateTime? b) => b is null || a <= b ? a : b;

    private static DateTime? Later(DateTime? a, DateTime? b) => b is null || a >= b ? a : b;

    /// <summary>A stretch of time with one offset: <c>[Start, End)</c>, UTC; the wall clock shows UTC plus the offset.</summary>
    private readonly record struct Span(DateTime Start, DateTime End, TimeSpan Offset);
}
