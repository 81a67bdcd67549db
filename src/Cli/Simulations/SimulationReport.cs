using System.Globalization;
using System.Text.Json.Nodes;
using Sluice.Cli.Output;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Queues;

namespace Sluice.Cli.Simulations;

/// <summary>What a simulation showed, for people and for programs.</summary>
internal sealed class SimulationReport
{
    private const int MostWaits = 10;
    private const int MostWhys = 3;

    private readonly SimulationRecord _record;
    private readonly SimulationSettings _settings;
    private readonly List<SeenRun> _runs;
    private readonly List<(SeenRun Run, RunDeadline Deadline)> _missed;
    private readonly DagSimulation _simulation;

    public SimulationReport(DagSimulation simulation, SimulationSettings settings)
    {
        (_simulation, _record, _settings) = (simulation, simulation.Record, settings);
        _runs = [.. _record.Runs.Values.Where(run => run.Facts.CreatedAt < settings.To).OrderBy(run => run.Facts.CreatedAt).ThenBy(run => run.Facts.Dag.Value, StringComparer.Ordinal)];
        _missed = [.. _runs.SelectMany(run => run.Folded.Deadlines.Where(deadline => deadline.MissedAt is not null).Select(deadline => (run, deadline)))];
    }

    public void WriteTo(Terminal terminal)
    {
        var listing = new Listing("Nothing runs: no Dag has a schedule that comes due.", "dag", "#runs", "#failed", "#open", "#longest", "#queued", "#waited");
        foreach (var dag in _runs.GroupBy(run => run.Facts.Dag.Value).OrderBy(dag => dag.Key, StringComparer.Ordinal))
        {
            listing.Add(
                dag.Key, dag.Count(), dag.Count(run => run.State == RunState.Failed), dag.Count(run => run.EndedAt is null),
                Wording.Length(dag.Max(Length)), Wording.Length(dag.Max(Queued)), Wording.Length(dag.Max(run => run.LongestWait)));
        }

        listing.WriteTo(terminal);
        WritePools(terminal);
        WriteWaits(terminal);
        WriteMissed(terminal);
        terminal.Line();
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{_runs.Count} runs, {_runs.Sum(run => run.Attempts)} attempts from {Wording.Date(_settings.From)} to {Wording.Date(_settings.To)}; at most {_simulation.Worker.MostBusy} of {_settings.Slots} slots at once, {Use():0.0} % of their time; {_missed.Count} deadlines missed."));
    }

    public JsonObject ToJson() => new()
    {
        ["from"] = Wording.Iso(_settings.From),
        ["to"] = Wording.Iso(_settings.To),
        ["seed"] = _settings.Seed,
        ["slots"] = _settings.Slots,
        ["slots_used_at_most"] = _simulation.Worker.MostBusy,
        ["slots_used_percent"] = Math.Round(Use(), 2),
        ["pools"] = new JsonArray([.. Pools().Select(pool => new JsonObject
        {
            ["pool"] = pool.Name,
            ["slots"] = pool.Seen.Slots,
            ["used_at_most"] = pool.Seen.Most,
            ["used_percent"] = pool.Used is { } used ? Math.Round(used, 2) : null,
            ["full_seconds"] = Math.Round(pool.Seen.FullFor.TotalSeconds, 3),
            ["tasks_waited"] = pool.Waits,
        })]),
        ["runs"] = new JsonArray([.. _runs.Select(run => new JsonObject
        {
            ["dag_id"] = run.Facts.Dag.Value,
            ["run_id"] = run.Facts.Id.Value,
            ["logical_date"] = Wording.Iso(run.Facts.LogicalDate),
            ["created_at"] = Wording.Iso(run.Facts.CreatedAt),
            ["started_at"] = run.StartedAt is { } started ? Wording.Iso(started) : null,
            ["ended_at"] = run.EndedAt is { } ended ? Wording.Iso(ended) : null,
            ["state"] = run.State.ToString().ToLowerInvariant(),
            ["reason"] = run.Reason,
            ["attempts"] = run.Attempts,
            ["longest_wait_seconds"] = Math.Round(run.LongestWait.TotalSeconds, 3),
        })]),
        ["waits"] = new JsonArray([.. Waits().Select(task => new JsonObject
        {
            ["dag_id"] = task.Dag.Value,
            ["task_id"] = task.Spec.Id.Value,
            ["pool"] = task.Spec.Pool,
            ["queue"] = task.Spec.Queue,
            ["times"] = task.Waits,
            ["total_seconds"] = Math.Round(task.TotalWait.TotalSeconds, 3),
            ["longest_seconds"] = Math.Round(task.LongestWait.TotalSeconds, 3),
            ["longest_since"] = Wording.Iso(task.LongestWaitAt),
            ["longest_why"] = new JsonArray([.. task.Why.Select(reason => new JsonObject { ["kind"] = reason.Kind, ["text"] = reason.Text })]),
        })]),
        ["missed_deadlines"] = new JsonArray([.. _missed.OrderBy(missed => missed.Deadline.Due).Select(missed => new JsonObject
        {
            ["dag_id"] = missed.Run.Facts.Dag.Value,
            ["run_id"] = missed.Run.Facts.Id.Value,
            ["deadline"] = missed.Deadline.Name,
            ["due"] = Wording.Iso(missed.Deadline.Due),
            ["ended_at"] = missed.Run.EndedAt is { } ended ? Wording.Iso(ended) : null,
        })]),
    };

    private void WriteWaits(Terminal terminal)
    {
        var waits = Waits().ToList();
        if (waits.Count == 0)
        {
            return;
        }

        terminal.Line();
        terminal.Line("Tasks that were ready and waited for a slot:");
        var listing = new Listing("", "task", "pool", "#times", "#longest", "#in all", "!longest since");
        foreach (var task in waits.Take(MostWaits))
        {
            listing.Add($"{task.Dag}/{task.Spec.Id}", task.Spec.Pool, task.Waits, Wording.Length(task.LongestWait), Wording.Length(task.TotalWait), Wording.Time(task.LongestWaitAt));
        }

        listing.WriteTo(terminal);
        if (waits.Count > MostWaits)
        {
            terminal.Line($"... and {waits.Count - MostWaits} more; --json lists all.");
        }

        var told = waits.Where(task => task.Why.Count > 0).Take(MostWhys).ToList();
        if (told.Count > 0)
        {
            terminal.Line();
            terminal.Line("Why the longest of them waited:");
        }

        foreach (var task in told)
        {
            terminal.Line($"  {task.Dag}/{task.Spec.Id}: {task.Why[0].Text}");
        }
    }

    private void WritePools(Terminal terminal)
    {
        var pools = Pools();
        if (pools.All(pool => pool.Name == DispatchQueue.DefaultPool && pool.Seen.FullFor == TimeSpan.Zero))
        {
            return;
        }

        terminal.Line();
        var listing = new Listing("", "pool", "#slots", "#used at most", "#used", "#full for", "#tasks that waited");
        foreach (var (name, seen, used, waits) in pools)
        {
            listing.Add(
                name, seen.Slots < 0 ? "no limit" : seen.Slots, seen.Most, used is { } percent ? string.Create(CultureInfo.InvariantCulture, $"{percent:0.0} %") : "",
                Wording.Length(seen.FullFor), waits);
        }

        listing.WriteTo(terminal);
    }

    private void WriteMissed(Terminal terminal)
    {
        if (_missed.Count == 0)
        {
            return;
        }

        terminal.Line();
        terminal.Line("Deadlines that were missed:");
        var listing = new Listing("", "dag", "deadline", "#times", "!first due", "#latest by");
        foreach (var missed in _missed.GroupBy(missed => (missed.Run.Facts.Dag, missed.Deadline.Name)).OrderBy(group => group.Min(missed => missed.Deadline.Due)))
        {
            listing.Add(
                missed.Key.Dag, missed.Key.Name, missed.Count(), Wording.Time(missed.Min(one => one.Deadline.Due)),
                Wording.Length(missed.Max(one => (one.Run.EndedAt ?? _settings.To) - one.Deadline.Due)));
        }

        listing.WriteTo(terminal);
    }

    private IEnumerable<SeenTask> Waits() => _record.Tasks.Values.OrderByDescending(task => task.LongestWait).ThenBy(task => task.Dag.Value, StringComparer.Ordinal);

    private List<(string Name, SeenPool Seen, double? Used, int Waits)> Pools() =>
    [
        .. _record.Pools.OrderBy(pool => pool.Key, StringComparer.Ordinal).Select(pool => (
            pool.Key,
            pool.Value,
            pool.Value.Slots > 0 ? 100 * (pool.Value.SlotTime / (_settings.To - _settings.From)) / pool.Value.Slots : (double?)null,
            _record.Tasks.Values.Where(task => task.Spec.Pool == pool.Key).Sum(task => task.Waits))),
    ];

    private double Use() => 100 * (_simulation.Worker.SlotTime / (_settings.To - _settings.From)) / _settings.Slots;

    private TimeSpan Length(SeenRun run) => run.StartedAt is { } started ? (run.EndedAt ?? _settings.To) - started : TimeSpan.Zero;

    private TimeSpan Queued(SeenRun run) => (run.StartedAt ?? _settings.To) - run.Facts.CreatedAt;
}
