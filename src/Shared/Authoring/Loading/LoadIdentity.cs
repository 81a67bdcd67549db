namespace Sluice.Authoring.Loading;

/// <summary>Who loads: what a target remembers of a load, so that no interval is loaded twice and no attempt that was held up undoes a later one.</summary>
/// <param name="Dag">Dag.</param>
/// <param name="Task">Task, with its map index if it has one: <c>load[3]</c>.</param>
/// <param name="IntervalStart">Start of the data interval, UTC.</param>
/// <param name="Run">The run, for people.</param>
/// <param name="RunKey">The run, for comparing.</param>
/// <param name="Attempt">Counted up with every dispatch of the task in this run.</param>
public sealed record LoadIdentity(string Dag, string Task, DateTimeOffset IntervalStart, string Run, long RunKey, int Attempt);
