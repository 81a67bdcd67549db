using System.Text.Json.Serialization;
using Sluice.Authoring.Operators;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Sensors;

/// <summary>Waits for something outside. Pokes once when asked; the engine decides when to ask again.</summary>
public abstract class Sensor : Operator
{
    /// <summary>How it waits between pokes. Default: <see cref="SensorMode.Poke"/>.</summary>
    [JsonIgnore]
    public SensorMode Mode { get; set; } = SensorMode.Poke;

    /// <summary>Gap between pokes. Default: 60 s.</summary>
    [JsonIgnore]
    public TimeSpan PokeInterval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Counts from the first poke, across reschedules and retries. Default: 7 days.</summary>
    [JsonIgnore]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromDays(7);

    /// <summary>A timeout skips the task instead of failing it.</summary>
    [JsonIgnore]
    public bool SoftFail { get; set; }

    /// <summary>Whatever goes wrong (a timeout, an exception of a poke) skips the task instead of failing or retrying it. Not together with <see cref="SoftFail"/>.</summary>
    [JsonIgnore]
    public bool NeverFail { get; set; }

    /// <summary>A poke that throws is logged and counts as not yet. <see cref="TaskFailedException"/> and <see cref="TaskSkippedException"/> still end the task.</summary>
    [JsonIgnore]
    public bool SilentFail { get; set; }

    /// <summary>Gaps between pokes grow: the first is of about half of <see cref="PokeInterval"/>, each further one of about twice the one before, with some jitter.</summary>
    [JsonIgnore]
    public bool ExponentialBackoff { get; set; }

    /// <summary>Longest gap with <see cref="ExponentialBackoff"/>. Default: what is left of <see cref="Timeout"/>.</summary>
    [JsonIgnore]
    public TimeSpan? MaxWait { get; set; }

    /// <summary>How it waits, as data.</summary>
    internal SensorSpec Waits => new()
    {
        Mode = Mode, PokeInterval = PokeInterval, Timeout = Timeout, SoftFail = SoftFail, NeverFail = NeverFail, SilentFail = SilentFail,
        ExponentialBackoff = ExponentialBackoff, MaxWait = MaxWait,
    };

    /// <summary>Looks once.</summary>
    public abstract ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken);

    /// <summary>Not called for a sensor: the engine pokes instead.</summary>
    public sealed override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("A sensor is poked, not executed.");
}

/// <summary>A sensor's answer.</summary>
/// <param name="IsDone">True ends the wait.</param>
/// <param name="Value">Becomes the XCom <c>return_value</c> when done.</param>
/// <param name="Mark">
/// What tells this occurrence from the one before, when the sensor watches an asset, such as the time at which a file was written; null: the value.
/// </param>
public readonly record struct Poke(bool IsDone, object? Value = null, object? Mark = null)
{
    /// <summary>What was waited for is there.</summary>
    public static Poke Done => new(true);

    /// <summary>Ask again later.</summary>
    public static Poke NotYet => new(false);
}
