using Sluice.Core.Schedules;

namespace Sluice.Core.Dags.Plans;

/// <summary>Compares a deployment with what a folder would make of it. Pure.</summary>
public static class DagPlanner
{
    private const int FiringsShown = 3;

    /// <summary>What changes; every Dag of either side is in it once.</summary>
    /// <param name="deployed">Active Dags.</param>
    /// <param name="proposed">Valid ones.</param>
    /// <param name="now">UTC: firings are shown from here on.</param>
    public static DagPlan Compare(IReadOnlyList<DeployedDag> deployed, IReadOnlyList<ProposedDag> proposed, DateTimeOffset now)
    {
        var before = deployed.ToDictionary(dag => dag.Spec.Id);
        var after = proposed.Select(dag => dag.Spec.Id).ToHashSet();
        var gone = deployed.Where(dag => !after.Contains(dag.Spec.Id)).ToList();
        var added = proposed.Where(dag => !before.ContainsKey(dag.Spec.Id)).ToList();

        // What the files say is certain; what only looks alike is a guess.
        var renamed = new Dictionary<DagId, DeployedDag>();
        foreach (var dag in added)
        {
            if (dag.Spec.RenamedFrom is { } former && before.TryGetValue(former, out var was) && gone.Contains(was) && !renamed.ContainsValue(was))
            {
                renamed.Add(dag.Spec.Id, was);
            }
        }

        var (goneStill, addedStill) = (gone.Where(dag => !renamed.ContainsValue(dag)).ToList(), added.Where(dag => !renamed.ContainsKey(dag.Spec.Id)).ToList());
        foreach (var (a, g) in Renames.Pair(goneStill.Count, addedStill.Count, (g, a) => Likeness(goneStill[g], addedStill[a])))
        {
            renamed.Add(addedStill[a].Spec.Id, goneStill[g]);
        }

        var changes = new List<DagChange>();
        foreach (var dag in proposed)
        {
            var old = before.GetValueOrDefault(dag.Spec.Id) ?? renamed.GetValueOrDefault(dag.Spec.Id);
            changes.Add(old is null ? Added(dag, now) : Compared(old, dag, now));
        }

        var kept = renamed.Values.Select(dag => dag.Spec.Id).ToHashSet();
        changes.AddRange(gone.Where(dag => !kept.Contains(dag.Spec.Id)).Select(dag => new DagChange
        {
            Kind = ChangeKind.Removed,
            Id = dag.Spec.Id,
            File = dag.File,
            VersionBefore = DagVersion.Of(dag.Spec),
            ActiveRuns = dag.ActiveRuns,
            FiringsBefore = FiringsOf(dag, now),
        }));
        return new([.. changes.OrderBy(change => change.Id.Value, StringComparer.Ordinal)]);
    }

    private static DagChange Added(ProposedDag dag, DateTimeOffset now) => new()
    {
        Kind = ChangeKind.Added,
        Id = dag.Spec.Id,
        File = dag.File,
        VersionAfter = DagVersion.Of(dag.Spec),
        Tasks = [.. dag.Spec.Tasks.Select(task => new TaskChange(ChangeKind.Added, task.Id, null, []))],
        FiringsAfter = Firings(dag.Spec, now),
    };

    private static DagChange Compared(DeployedDag old, ProposedDag dag, DateTimeOffset now)
    {
        var (versionBefore, versionAfter) = (DagVersion.Of(old.Spec), DagVersion.Of(dag.Spec));
        var isRenamed = old.Spec.Id != dag.Spec.Id;
        return new()
        {
            Kind = isRenamed ? ChangeKind.Renamed : versionBefore == versionAfter ? ChangeKind.Unchanged : ChangeKind.Changed,
            Id = dag.Spec.Id,
            Before = isRenamed ? old.Spec.Id : null,
            KeepsHistory = isRenamed && dag.Spec.RenamedFrom == old.Spec.Id,
            File = dag.File,
            VersionBefore = versionBefore,
            VersionAfter = versionAfter,
            Fields = FieldChanges.Between(FieldChanges.Of(old.Spec), FieldChanges.Of(dag.Spec)),
            Tasks = versionBefore == versionAfter ? [] : TasksBetween(old.Spec, dag.Spec),
            ActiveRuns = old.ActiveRuns,
            FiringsBefore = FiringsOf(old, now),
            FiringsAfter = old.Paused ? [] : Firings(dag.Spec, now),
        };
    }

    /// <summary>What becomes of each task, were a Dag of one definition to get another; unchanged ones are left out.</summary>
    public static IReadOnlyList<TaskChange> TasksBetween(DagSpec before, DagSpec after)
    {
        var (fieldsBefore, fieldsAfter) = (FieldChanges.OfTasks(before), FieldChanges.OfTasks(after));
        var (indexBefore, indexAfter) = (IndexOf(before), IndexOf(after));
        var gone = Enumerable.Range(0, before.Tasks.Count).Where(i => !indexAfter.ContainsKey(before.Tasks[i].Id)).ToList();
        var added = Enumerable.Range(0, after.Tasks.Count).Where(i => !indexBefore.ContainsKey(after.Tasks[i].Id)).ToList();
        var (downBefore, downAfter) = (DownstreamOf(before), DownstreamOf(after));

        // What the file says is certain; what only looks alike is a guess.
        var declared = added.Where(a => after.Tasks[a].RenamedFrom is { } former && indexBefore.TryGetValue(former, out var g) && gone.Contains(g))
            .DistinctBy(a => after.Tasks[a].RenamedFrom).ToDictionary(a => a, a => indexBefore[after.Tasks[a].RenamedFrom!.Value]);
        var (goneStill, addedStill) = (gone.Except(declared.Values).ToList(), added.Except(declared.Keys).ToList());
        var renamed = Renames.Pair(goneStill.Count, addedStill.Count, (g, a) => Likeness(goneStill[g], addedStill[a]))
            .Select(pair => KeyValuePair.Create(addedStill[pair.Key], goneStill[pair.Value])).Concat(declared).ToDictionary();
        var names = renamed.ToDictionary(pair => before.Tasks[pair.Value].Id.Value, pair => after.Tasks[pair.Key].Id.Value, StringComparer.Ordinal);

        var changes = new List<TaskChange>();
        for (var i = 0; i < after.Tasks.Count; i++)
        {
            var id = after.Tasks[i].Id;
            if (!indexBefore.TryGetValue(id, out var old) && !renamed.TryGetValue(i, out old))
            {
                changes.Add(new(ChangeKind.Added, id, null, []));
                continue;
            }

            // Waiting for a task that is called otherwise now is no change of this one.
            var fields = FieldChanges.Between(WithNames(fieldsBefore[old], before.Tasks[old], before, names), fieldsAfter[i]);
            var isRenamed = before.Tasks[old].Id != id;
            if (isRenamed || fields.Count > 0)
            {
                changes.Add(new(isRenamed ? ChangeKind.Renamed : ChangeKind.Changed, id, isRenamed ? before.Tasks[old].Id : null, fields) { KeepsHistory = declared.ContainsKey(i) });
            }
        }

        changes.AddRange(gone.Except(renamed.Values).Select(i => new TaskChange(ChangeKind.Removed, before.Tasks[i].Id, null, [])));
        return changes;

        // What it does counts most, then where it stands, then its name.
        double Likeness(int g, int a)
        {
            var content = Renames.Shared(
                fieldsBefore[g].Where(field => field.Key != "upstream"), fieldsAfter[a].Where(field => field.Key != "upstream"));
            var place = (Renames.Shared(before.Tasks[g].Upstream.Select(up => before.Tasks[up].Id), after.Tasks[a].Upstream.Select(up => after.Tasks[up].Id))
                + Renames.Shared(downBefore[g].Select(down => before.Tasks[down].Id), downAfter[a].Select(down => after.Tasks[down].Id))) / 2;
            return before.Tasks[g].Operator != after.Tasks[a].Operator
                ? 0
                : (0.45 * content) + (0.3 * place) + (0.25 * Renames.OfNames(before.Tasks[g].Id.Value, after.Tasks[a].Id.Value));
        }
    }

    private static SortedDictionary<string, string> WithNames(
        SortedDictionary<string, string> fields, TaskSpec task, DagSpec dag, Dictionary<string, string> names)
    {
        if (!task.Upstream.Any(up => names.ContainsKey(dag.Tasks[up].Id.Value)))
        {
            return fields;
        }

        var ids = task.Upstream.Select(up => dag.Tasks[up].Id.Value).Select(id => $"\"{names.GetValueOrDefault(id, id)}\"");
        return new(fields, StringComparer.Ordinal) { ["upstream"] = $"[{string.Join(',', ids)}]" };
    }

    // Most of a Dag's identity is its tasks; then its file, its schedule and its name.
    private static double Likeness(DeployedDag gone, ProposedDag added) =>
        (0.5 * Renames.Shared(gone.Spec.Tasks.Select(task => (task.Id, task.Operator)), added.Spec.Tasks.Select(task => (task.Id, task.Operator))))
        + (gone.File == added.File ? 0.2 : 0)
        + (gone.Spec.Schedule == added.Spec.Schedule ? 0.1 : 0)
        + (0.2 * Renames.OfNames(gone.Spec.Id.Value, added.Spec.Id.Value));

    private static Dictionary<TaskId, int> IndexOf(DagSpec dag)
    {
        var index = new Dictionary<TaskId, int>();
        for (var i = 0; i < dag.Tasks.Count; i++)
        {
            index.TryAdd(dag.Tasks[i].Id, i);
        }

        return index;
    }

    private static List<int>[] DownstreamOf(DagSpec dag)
    {
        var downstream = dag.Tasks.Select(_ => new List<int>()).ToArray();
        for (var i = 0; i < dag.Tasks.Count; i++)
        {
            foreach (var up in dag.Tasks[i].Upstream)
            {
                downstream[up].Add(i);
            }
        }

        return downstream;
    }

    private static List<Firing> FiringsOf(DeployedDag dag, DateTimeOffset now) => dag.Paused ? [] : Firings(dag.Spec, now);

    /// <summary>The next ones by the clock, whatever is still to be caught up with.</summary>
    private static List<Firing> Firings(DagSpec dag, DateTimeOffset now)
    {
        var timetable = Timetable.Create(dag.Schedule, dag.TimeZone, dag.StartDate ?? now, dag.EndDate, CatchupMode.None);
        var firings = new List<Firing>();
        DataInterval? last = null;
        while (firings.Count < FiringsShown && timetable.Next(last, now) is { } firing)
        {
            firings.Add(firing);
            last = firing.Interval;
        }

        return firings;
    }
}
