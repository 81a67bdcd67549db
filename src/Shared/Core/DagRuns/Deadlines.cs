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

    /// <summary>Whether it counts from the run's way into the queue, and so anew when the run is queued again.</summary>
    [JsonIgnore]
    public bool IsOfQueue => this is QueuedAtReference or AverageRuntimeReference;

    /// <summary>When the run was made, or was last put back into the queue by clearing it.</summary>
    public static DeadlineReference QueuedAt { get; } = new QueuedAtReference();

    /// <summary>The start of the run's data interval.</summary>
    public static DeadlineReference LogicalDate { get; } = new LogicalDateReference();

    /// <summary>One instant for all runs.</summary>
    public static DeadlineReference At(DateTimeOffset instant) => new FixedReference(instant.ToUniversalTime());

    /// <summary>When the run was made, or was last put back into the queue, and as long as the latest successful runs had taken on average when it was made.</summary>
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

/// <summary>A deadline of one run, and what came of it. Its moment is set when the run is made.</summary>
public sealed record RunDeadline
{
    [JsonPropertyName("n")]
    public required string Name { get; init; }

    /// <summary>When the run should be over, UTC; whole microseconds.</summary>
    [JsonPropertyName("d"), JsonConverter(typeof(UnixMicroseconds))]
    public required DateTimeOffset Due { get; init; }

    /// <summary>Since when it counts, for one that counts from the run's way into the queue; null for one that stands in the calendar.</summary>
    [JsonPropertyName("f"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? From { get; init; }

    /// <summary>When it was found that the run was not over by then. It stays so, whatever becomes of the run.</summary>
    [JsonPropertyName("m"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? MissedAt { get; init; }

    /// <summary>When the run was over, in time.</summary>
    [JsonPropertyName("k"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? MetAt { get; init; }

    /// <summary>Neither met nor missed yet.</summary>
    [JsonIgnore]
    public bool IsOpen => MissedAt is null && MetAt is null;

    /// <summary>For people: pending, met or missed.</summary>
    [JsonIgnore]
    public string State => MissedAt is not null ? "missed" : MetAt is not null ? "met" : "pending";
}

/// <summary>Sets the deadlines of runs. Pure; which are missed is decided with the run (<see cref="DagRunDecider"/>).</summary>
public static class Deadlines
{
    /// <summary>Deadlines of a new run, in order of definition: those that have a moment. Null when there is none.</summary>
    /// <param name="deadlines">Those of the run's Dag.</param>
    /// <param name="run">The run.</param>
    /// <param name="latestRuntimes">How long the latest successful runs before it took, the latest first; only deadlines on the average look at them.</param>
    public static IReadOnlyList<RunDeadline>? Of(IReadOnlyList<DeadlineSpec>? deadlines, RunFacts run, IReadOnlyList<TimeSpan> latestRuntimes)
    {
        List<RunDeadline>? set = null;
        foreach (var deadline in deadlines ?? [])
        {
            if (Due(deadline, run, latestRuntimes) is { } due)
            {
                (set ??= []).Add(new() { Name = deadline.Name, Due = due, From = deadline.Reference.IsOfQueue ? run.CreatedAt : null });
            }
        }

        return set;
    }

    /// <summary>The earliest that is neither met nor missed; null when there is none.</summary>
    public static DateTimeOffset? Next(IReadOnlyList<RunDeadline>? deadlines) =>
        (deadlines ?? []).Where(deadline => deadline.IsOpen).Min(deadline => (DateTimeOffset?)deadline.Due);

    /// <summary>Deadlines of a run that was over and is queued again.</summary>
    /// <remarks>
    /// What was missed stays missed, and is not told again. What counts from the queue counts anew. What stands in the calendar is open again when
    /// it is still to come; when it has passed, the run was over then.
    /// </remarks>
    public static IReadOnlyList<RunDeadline> Reopen(IReadOnlyList<RunDeadline> deadlines, DateTimeOffset at) =>
    [
        .. deadlines.Select(deadline =>
            deadline.MissedAt is not null ? deadline
            : deadline.From is { } from ? Add(deadline.Due, at - from) is { } due ? deadline with { Due = due, From = at, MetAt = null } : deadline
            : deadline.Due > at ? deadline with { MetAt = null }
            : deadline with { MetAt = deadline.MetAt ?? at }),
    ];

    /// <summary>Deadlines of a run that is run again from the beginning, maybe by another version of its Dag.</summary>
    /// <param name="fresh">As of a run that is made now.</param>
    /// <param name="earlier">Those of its earlier life.</param>
    /// <param name="at">The present.</param>
    public static IReadOnlyList<RunDeadline>? Again(IReadOnlyList<RunDeadline>? fresh, IReadOnlyList<RunDeadline>? earlier, DateTimeOffset at) => fresh is null ? null :
    [
        .. fresh.Select(deadline =>
            (earlier ?? []).FirstOrDefault(before => before.Name == deadline.Name) is { MissedAt: not null } missed ? missed
            : deadline.From is null && deadline.Due <= at ? deadline with { MetAt = at }
            : deadline),
    ];

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
        return length is { } time && Add(from, time) is { } reference ? Add(reference, deadline.After) : null;
    }

    /// <summary>How many runtimes these deadlines look at; 0 for none.</summary>
    public static int RuntimesWanted(IReadOnlyList<DeadlineSpec>? deadlines) =>
        (deadlines ?? []).Max(deadline => (int?)(deadline.Reference as AverageRuntimeReference)?.Runs) ?? 0;

    /// <summary>To whole microseconds, as they are stored.</summary>
    private static DateTimeOffset? Add(DateTimeOffset moment, TimeSpan length)
    {
        var ticks = (Int128)moment.UtcTicks + length.Ticks;
        return ticks < DateTimeOffset.MinValue.Ticks || ticks > DateTimeOffset.MaxValue.UtcTicks
            ? null
            : new DateTimeOffset((long)(ticks - ticks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
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
