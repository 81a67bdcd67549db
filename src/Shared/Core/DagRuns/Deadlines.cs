using System.Text.Json.Serialization;

namespace Sluice.Core.DagRuns;

/// <summary>A moment by which runs of a Dag should be over (semantics.md, 16): a reference, and how long after it.</summary>
public sealed record DeadlineSpec
{
    /// <summary>For people, and to tell one from another; unique in the Dag.</summary>
    public required string Name { get; init; }

    public required DeadlineReference Reference { get; init; }

    /// <summary>Added to the reference; negative is before it.</summary>
    public TimeSpan After { get; init; }
}

/// <summary>From when a deadline counts. A closed family.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(QueuedAtReference), "queued_at")]
[JsonDerivedType(typeof(LogicalDateReference), "logical_date")]
[JsonDerivedType(typeof(FixedReference), "fixed")]
[JsonDerivedType(typeof(AverageRuntimeReference), "average_runtime")]
public abstract record DeadlineReference
{
    private protected DeadlineReference()
    {
    }

    /// <summary>When the run was made.</summary>
    public static DeadlineReference QueuedAt { get; } = new QueuedAtReference();

    /// <summary>The start of the run's data interval.</summary>
    public static DeadlineReference LogicalDate { get; } = new LogicalDateReference();

    /// <summary>One instant for all runs.</summary>
    public static DeadlineReference At(DateTimeOffset instant) => new FixedReference(instant.ToUniversalTime());

    /// <summary>When the run was made, and as long as the latest successful runs took on average.</summary>
    /// <param name="runs">How many of the latest runs count.</param>
    /// <param name="atLeast">With fewer there is no deadline yet.</param>
    public static DeadlineReference AverageRuntime(int runs = 10, int atLeast = 3) => new AverageRuntimeReference(runs, atLeast);
}

/// <inheritdoc cref="DeadlineReference.QueuedAt"/>
public sealed record QueuedAtReference : DeadlineReference;

/// <inheritdoc cref="DeadlineReference.LogicalDate"/>
public sealed record LogicalDateReference : DeadlineReference;

/// <inheritdoc cref="DeadlineReference.At"/>
public sealed record FixedReference(DateTimeOffset Instant) : DeadlineReference;

/// <inheritdoc cref="DeadlineReference.AverageRuntime"/>
public sealed record AverageRuntimeReference(int Runs, int AtLeast) : DeadlineReference;

/// <summary>A deadline of one run, decided.</summary>
/// <param name="Deadline">Which one.</param>
/// <param name="Due">When the run should be over, UTC.</param>
/// <param name="Missed">The moment has come and the run was not over then.</param>
public sealed record DeadlineVerdict(DeadlineSpec Deadline, DateTimeOffset Due, bool Missed);

/// <summary>Decides deadlines. Pure: who watches the clock asks again at the earliest <see cref="DeadlineVerdict.Due"/> that is not missed.</summary>
public static class Deadlines
{
    /// <summary>All deadlines of a run that have a moment, in order of definition.</summary>
    /// <param name="deadlines">Those of the run's Dag.</param>
    /// <param name="run">The run.</param>
    /// <param name="endedAt">When it was over; null while it is not.</param>
    /// <param name="latestRuntimes">How long the latest successful runs before it took, the latest first; only deadlines on the average look at them.</param>
    /// <param name="now">The present.</param>
    public static IReadOnlyList<DeadlineVerdict> Judge(
        IReadOnlyList<DeadlineSpec> deadlines, RunFacts run, DateTimeOffset? endedAt, IReadOnlyList<TimeSpan> latestRuntimes, DateTimeOffset now)
    {
        var verdicts = new List<DeadlineVerdict>(deadlines.Count);
        foreach (var deadline in deadlines)
        {
            if (Due(deadline, run, latestRuntimes) is { } due)
            {
                verdicts.Add(new(deadline, due, now >= due && (endedAt is null || endedAt > due)));
            }
        }

        return verdicts;
    }

    /// <summary>The moment of one deadline of a run, UTC; null when it has none: too few runs for an average, or it lies past the calendar.</summary>
    public static DateTimeOffset? Due(DeadlineSpec deadline, RunFacts run, IReadOnlyList<TimeSpan> latestRuntimes)
    {
        var (from, length) = deadline.Reference switch
        {
            QueuedAtReference => (run.CreatedAt, TimeSpan.Zero),
            LogicalDateReference => (run.LogicalDate, TimeSpan.Zero),
            FixedReference at => (at.Instant, TimeSpan.Zero),
            AverageRuntimeReference average => (run.CreatedAt, Average(average, latestRuntimes)),
            _ => throw new ArgumentException($"No rule for {deadline.Reference.GetType().Name}.", nameof(deadline)),
        };
        if (length is not { } time)
        {
            return null;
        }

        var ticks = (Int128)from.UtcTicks + time.Ticks + deadline.After.Ticks;
        return ticks < DateTimeOffset.MinValue.Ticks || ticks > DateTimeOffset.MaxValue.UtcTicks ? null : new DateTimeOffset((long)ticks, TimeSpan.Zero);
    }

    /// <summary>What is wrong with the deadlines of a Dag, a sentence each.</summary>
    internal static IEnumerable<string> Problems(IReadOnlyList<DeadlineSpec> deadlines)
    {
        foreach (var twice in deadlines.GroupBy(deadline => deadline.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            yield return $"deadline \"{twice.Key}\" is defined twice; give one of them another name";
        }

        foreach (var deadline in deadlines)
        {
            if (deadline.Reference is AverageRuntimeReference average && (average.Runs < 1 || average.AtLeast < 1 || average.AtLeast > average.Runs))
            {
                yield return $"deadline \"{deadline.Name}\" takes the average of {average.Runs} runs, at least {average.AtLeast}; both must be positive, and the first not the smaller";
            }
        }
    }

    private static TimeSpan? Average(AverageRuntimeReference average, IReadOnlyList<TimeSpan> latest)
    {
        var counted = latest.Take(average.Runs).ToList();
        return counted.Count < average.AtLeast ? null : TimeSpan.FromTicks((long)counted.Average(time => (double)time.Ticks));
    }
}
