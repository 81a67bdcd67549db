namespace Sluice.Authoring.Loading;

/// <summary>Who loads: what a target remembers of a load, so that no interval is loaded twice and no attempt that was held up undoes a later one.</summary>
/// <param name="Dag">Dag.</param>
/// <param name="Task">Task, without a map index: that changes with the list.</param>
/// <param name="IntervalStart">Start of the data interval, UTC.</param>
/// <param name="Run">The run, for people.</param>
/// <param name="RunKey">The run, for comparing.</param>
/// <param name="Attempt">Counted up with every dispatch of the task in this run.</param>
public sealed record LoadIdentity(string Dag, string Task, DateTimeOffset IntervalStart, string Run, long RunKey, int Attempt)
{
    /// <summary>Place in the list of a mapped task; null for others.</summary>
    public int? MapIndex { get; init; }

    /// <summary>What the author named to be loaded, such as <c>s3://bucket/orders.csv</c>: it tells the instances of a mapped task apart.</summary>
    public string Source { get; init; } = "";

    /// <summary>An id that the task had before, as its file says; null for none.</summary>
    public string? FormerTask { get; init; }

    /// <summary>An id that the Dag had before, as its file says; null for none.</summary>
    public string? FormerDag { get; init; }
}
