using Sluice.Actors;
using Sluice.Core.Dags;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Dags;

/// <summary>To a Dag: give tasks of it other names, with all that they have. Answered by a <see cref="TaskRenameAnswer"/>, after the commit.</summary>
/// <param name="Names">New ids, by the id until now.</param>
/// <param name="By">Who asks.</param>
/// <param name="Note">Why.</param>
/// <param name="DryRun">Only say whether it could be done.</param>
/// <param name="Declared">A file says so: what has happened already, or has no history, is passed over.</param>
internal sealed record RenameTasks(IReadOnlyDictionary<TaskId, TaskId> Names, string By, string? Note, bool DryRun, bool Declared);

/// <param name="Refusal">Why it is not done, in one sentence; null when it is.</param>
/// <param name="Runs">Runs in which the tasks have attempts.</param>
/// <param name="Rows">Attempts and changes by hand.</param>
/// <param name="Versions">Versions that had the old names.</param>
/// <param name="InFlight">Runs of these that are in flight, and go on.</param>
internal sealed record TaskRenameAnswer(string? Refusal, long Runs = 0, long Rows = 0, int Versions = 0, int InFlight = 0)
{
    /// <summary>Refused since there is no such task.</summary>
    public bool IsUnknown { get; init; }
}

/// <content>Tasks that get other names (docs/concepts/versions.md).</content>
/// <remarks>
/// A version that has the old names is followed by one that is the same but for the names, and every run of it gets that one: so whatever looks at
/// a run sees the new names only. Runs in flight hold still from before the commit until after it, since rows of the one and of the other name must not meet.
/// </remarks>
internal sealed partial class DagActor
{
    private static readonly TimeSpan RunPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(50);

    private int _asksAgain;

    private async ValueTask OnRenameTasksAsync(RenameTasks rename, ActorRef? asker)
    {
        var names = rename.Names;
        if (rename.Declared)
        {
            var done = (await company.ReadModel.ListTaskRenamesAsync(id, CancellationToken.None)).ToDictionary(former => former.From, former => former.To);
            names = names.Where(name => !done.TryGetValue(name.Key, out var to) || to != name.Value).ToDictionary();
        }
        else if (_dag.Active && names.Keys.FirstOrDefault(name => _clock.Graph?.Spec.Tasks.Any(task => task.Id == name) == true) is { Value: not null } defined)
        {
            asker?.Tell(new TaskRenameAnswer(
                $"Task '{defined}' of Dag '{id}' is still defined by {_dag.File}, which would make it anew; say renamed_from: {defined} there, at the task that it becomes, or pause the Dag and take it out of the file first."));
            return;
        }

        if (_unwritten.Count > 0 || _changed.Count > 0)
        {
            LaterOn(rename, asker); // the read model does not show all of it yet
            return;
        }

        var (versions, refusal) = names.Count == 0 ? ([], null) : await RenamedVersionsAsync(names);
        var answer = new TaskRenameAnswer(refusal, Versions: versions.Count);
        if (refusal is null && versions.Count == 0 && !rename.Declared)
        {
            answer = new($"Dag '{id}' has no task '{names.Keys.First()}' in any version that it has run by. See: sluice dags versions {id}") { IsUnknown = true };
        }
        else if (refusal is null && versions.Count > 0)
        {
            answer = await HistoryAsync(names, answer);
        }

        if (answer.Refusal is not null || versions.Count == 0 || rename.DryRun)
        {
            asker?.Tell(answer);
            return;
        }

        if (await HoldRunsAsync() is not { } held)
        {
            LaterOn(rename, asker); // one of them ends at this moment
            return;
        }

        await WriteAsync(rename with { Names = names }, versions, held, answer, asker);
    }

    private void LaterOn(RenameTasks rename, ActorRef? asker) =>
        Context.Timers.StartSingle($"rename tasks {_asksAgain++}", LookAgainAfter, new RenameAgain(rename, asker));

    /// <summary>What the versions that have the old names are called under the new ones; only of those that anything goes by.</summary>
    private async ValueTask<(Dictionary<string, NamedVersion> Versions, string? Refusal)> RenamedVersionsAsync(IReadOnlyDictionary<TaskId, TaskId> names)
    {
        var versions = new Dictionary<string, NamedVersion>(StringComparer.Ordinal);
        foreach (var use in await company.ReadModel.ListDagVersionsAsync(id, CancellationToken.None))
        {
            if ((use.Runs == 0 && use.Version != _dag.Version) || await company.ReadModel.FindDagVersionAsync(use.Version, CancellationToken.None) is not { } json)
            {
                continue;
            }

            var spec = DagSpecJson.Deserialize(json);
            if (Both(spec, names) is { } both)
            {
                return (versions, $"Version {use.Version[..12]} of Dag '{id}' has both '{both}' and '{names[both]}', and two histories cannot be joined.");
            }

            if (TaskRenames.Apply(spec, names) is { } named)
            {
                versions.Add(use.Version, new(DagVersion.Of(named), named, use.CreatedAt));
            }
        }

        // The latest one may not be written yet.
        if (_dag.Version is { } current && !versions.ContainsKey(current) && _clock.Graph is { } graph && TaskRenames.Apply(graph.Spec, names) is { } latest)
        {
            versions.Add(current, new(DagVersion.Of(latest), latest, Now));
        }

        return (versions, null);
    }

    private static TaskId? Both(DagSpec spec, IReadOnlyDictionary<TaskId, TaskId> names)
    {
        var ids = spec.Tasks.Select(task => task.Id).ToHashSet();
        return names.Where(name => ids.Contains(name.Key) && ids.Contains(name.Value)).Select(name => (TaskId?)name.Key).FirstOrDefault();
    }

    private async ValueTask<TaskRenameAnswer> HistoryAsync(IReadOnlyDictionary<TaskId, TaskId> names, TaskRenameAnswer answer)
    {
        foreach (var (from, to) in names)
        {
            if ((await company.ReadModel.FindTaskHistoryAsync(id, to, CancellationToken.None)).Rows > 0)
            {
                return new($"Task '{to}' of Dag '{id}' has runs of its own already, and two histories cannot be joined.");
            }

            var history = await company.ReadModel.FindTaskHistoryAsync(id, from, CancellationToken.None);
            answer = answer with { Runs = Math.Max(answer.Runs, history.Runs), Rows = answer.Rows + history.Rows, InFlight = _runs.Count };
        }

        return answer;
    }

    /// <returns>Runs in flight with their versions, all of which hold still; null when one is over, and none does.</returns>
    private async ValueTask<List<(ActorRef Run, string Version)>?> HoldRunsAsync()
    {
        var held = new List<(ActorRef Run, string Version)>();
        foreach (var run in _runs.Actors.ToList())
        {
            string? version = null;
            try
            {
                version = (await run.AskAsync<RunHolds>(HoldStill.Instance, RunPatience)).Version;
            }
            catch (ActorStoppedException)
            {
                // Its end waits in the mailbox.
            }

            if (version is null)
            {
                held.ForEach(other => other.Run.Tell(GoOn.Instance));
                return null;
            }

            held.Add((run, version));
        }

        return held;
    }

    private async ValueTask WriteAsync(
        RenameTasks rename, Dictionary<string, NamedVersion> versions, List<(ActorRef Run, string Version)> held, TaskRenameAnswer answer, ActorRef? asker)
    {
        var append = new Append(StreamOf(id));
        foreach (var (run, version) in held.Where(run => versions.ContainsKey(run.Version)))
        {
            var named = versions[version];
            var moved = await run.AskAsync<Append>(
                new TakeNames(named.Version, company.Versions.Add(named.Version, named.Spec), rename.Names, new(rename.By, rename.Note)), RunPatience);
            append.Others.AddRange(moved.Events.Select(happened => new Storage.Journal.JournalEntry(moved.Stream, happened)));
            append.Others.AddRange(moved.Others);
            append.Changes.AddRange(moved.Changes);
            append.OnCommitted.AddRange(moved.OnCommitted);
        }

        append.Changes.AddRange(versions.Values.Select(named => new DagVersionRow(named.Version, id, DagSpecJson.Serialize(named.Spec), named.CreatedAt)));
        if (_dag.Version is { } current && versions.TryGetValue(current, out var latest))
        {
            Fold(append, new TasksRenamed(latest.Version, rename.By, rename.Note, Now));
            Adopt(company.Versions.Add(latest.Version, latest.Spec));
            append.Changes.Add(Row());
        }

        append.Changes.Add(new TasksRenamedRow(id, rename.Names, versions.ToDictionary(version => version.Key, version => version.Value.Version), Now, rename.By, rename.Note));
        foreach (var (from, to) in rename.Names)
        {
            append.Changes.Add(new AuditRow(Now, rename.By, Cluster.Api.Operations.RenameTask, $"{id}/{from}", $"to {to}{(rename.Note is null ? "" : $": {rename.Note}")}"));
        }

        foreach (var (run, _) in held)
        {
            append.OnCommitted.Add(new(run, GoOn.Instance));
        }

        _holdsStill = true;
        append.OnCommitted.Add(new(Context.Self, StayAsYouAre.Instance));
        if (asker is not null)
        {
            append.OnCommitted.Add(new(asker, answer));
        }

        Tell(append);
    }

    /// <param name="Version">Hash of the same version with the new names.</param>
    /// <param name="Spec">That version.</param>
    /// <param name="CreatedAt">When the one with the old names was first seen.</param>
    private sealed record NamedVersion(string Version, DagSpec Spec, DateTimeOffset CreatedAt);

    private sealed record RenameAgain(RenameTasks Rename, ActorRef? Asker);
}
