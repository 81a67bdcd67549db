using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Core.Backfills;
using Sluice.Core.Dags;
using Sluice.Scheduler.Assets;
using Sluice.Scheduler.Backfills;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Journal;
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler;

/// <summary>Gives a Dag another name, with all that it has. Answered by a <see cref="DagRenameAnswer"/>, after the commit.</summary>
/// <param name="From">Its name until now; no file defines it any more.</param>
/// <param name="To">The name from then on. A Dag of that name may be there, if it has no runs.</param>
/// <param name="By">Who asks.</param>
/// <param name="Note">Why.</param>
/// <param name="DryRun">Only say whether it could be done.</param>
internal sealed record RenameDag(DagId From, DagId To, string By, string? Note, bool DryRun);

/// <param name="Refusal">Why it is not done, in one sentence; null when it is.</param>
internal sealed record DagRenameAnswer(string? Refusal);

/// <content>Dags that get other names (docs/concepts/versions.md).</content>
/// <remarks>
/// Both Dags hold still while it is written, and whatever is for them, or tells of files, is put aside. All of it is one commit: the stream of the
/// old name ends, that of the new one begins with its state, and the rows of the old name get the new one. So every leader after this one finds
/// either the one or the other.
/// </remarks>
internal sealed partial class SchedulerActor
{
    private static readonly TimeSpan RenamePatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, DagId> _backfilled = new(StringComparer.Ordinal);
    private readonly Dictionary<DagId, DagId> _formerNames = [];
    private readonly List<(object Message, ActorRef? Sender)> _putAside = [];
    private readonly Dictionary<string, ProcessedFile> _waiting = new(StringComparer.Ordinal); // files with Dags that wait for a name to be free
    private Renaming? _renaming;

    /// <summary>While a name changes: messages that must find it as it was, or as it will be.</summary>
    private bool PutAside(object message)
    {
        if (_renaming is not { } renaming || !(message switch
        {
            ToDag to => renaming.IsOf(to.Dag),
            MakeBackfill make => renaming.IsOf(make.Dag),
            FileProcessed or FileGone or FolderListed or RenameDag or RenameAgain => true,
            _ => false,
        }))
        {
            return false;
        }

        _putAside.Add((message, Context.Sender));
        return true;
    }

    /// <summary>Lets Dags of a file take over the history of the names that they had.</summary>
    /// <returns>Those that cannot yet, each with the reason; null when a name is on its way to the disk.</returns>
    private async ValueTask<Dictionary<DagId, string>?> TakeNamesOverAsync(ProcessedFile file)
    {
        var refused = new Dictionary<DagId, string>();
        var specs = new List<DagSpec>();
        foreach (var dag in file.Dags)
        {
            if (TryRead(dag, out var spec, out _))
            {
                specs.Add(spec);
            }
        }

        foreach (var spec in specs)
        {
            if (spec.RenamedFrom is not { } former || former == spec.Id || !_dags.TryGetValue(former, out var source)
                || (_formerNames.TryGetValue(former, out var heir) && heir == spec.Id) || (_files.TryGetValue(spec.Id, out var winner) && winner != file.File))
            {
                continue; // It has happened, or there is nothing to take over.
            }

            string? refusal;
            if (specs.Exists(other => other.Id == former))
            {
                refusal = "this file defines that one, too.";
            }
            else if (_files.TryGetValue(former, out var other) && other != file.File)
            {
                refusal = $"{other} still defines that one.";
            }
            else if ((refusal = await BeginAsync(new(former, spec.Id, "sluice", $"renamed_from in {file.File}", DryRun: false), asker: null)) is null)
            {
                _putAside.Insert(0, (new FileProcessed(file), null));
                return null;
            }
            else
            {
                // Nothing new begins under a name that is no longer wanted, or it would never be free.
                source.Tell(MakeNoRuns.Instance);
            }

            refused[spec.Id] = refusal;
        }

        if (refused.Count > 0)
        {
            _waiting[file.File] = file;
            Context.Timers.StartSingle("rename " + file.File, AskAgainAfter, new RenameAgain(file.File));
        }
        else
        {
            _waiting.Remove(file.File);
        }

        return refused;
    }

    /// <summary>Lets tasks take over the history of the names that they had, before the Dag is what the file says.</summary>
    /// <returns>Why they cannot; null when they have it.</returns>
    private async ValueTask<string?> TakeTaskNamesOverAsync(DagSpec spec, string file)
    {
        var names = TaskRenames.DeclaredBy(spec);
        if (names.Count == 0 || !_dags.TryGetValue(spec.Id, out var dag))
        {
            return null;
        }

        try
        {
            return (await dag.AskAsync<TaskRenameAnswer>(new RenameTasks(names, "sluice", $"renamed_from in {file}", DryRun: false, Declared: true), RenamePatience)).Refusal;
        }
        catch (TimeoutException)
        {
            return "The Dag is busy and did not answer in time.";
        }
    }

    private async ValueTask OnRenameAsync(RenameDag rename)
    {
        var asker = Context.Sender;
        if (_files.TryGetValue(rename.From, out var file))
        {
            asker?.Tell(new DagRenameAnswer(
                $"Dag '{rename.From}' is still defined by {file}, which would make it anew; take it out of the file first (its history stays), then rename it, then define '{rename.To}'."));
            return;
        }

        var refusal = await BeginAsync(rename, asker);
        if (refusal is not null || rename.DryRun)
        {
            asker?.Tell(new DagRenameAnswer(refusal));
        }
    }

    /// <returns>Why it cannot be done, in one sentence; null when it is on its way to the disk.</returns>
    private async ValueTask<string?> BeginAsync(RenameDag rename, ActorRef? asker)
    {
        var (from, to) = (rename.From, rename.To);
        if (!_dags.TryGetValue(from, out var source))
        {
            return $"There is no Dag '{from}'. See: sluice dags list";
        }

        if (from == to)
        {
            return $"Dag '{from}' has that name already.";
        }

        if (_backfilled.FirstOrDefault(backfill => backfill.Value == from || backfill.Value == to) is { Key: { } busy, Value: var backfilled })
        {
            return $"Dag '{backfilled}' is being backfilled; wait for that, or cancel it with: sluice backfill cancel {busy}";
        }

        var (former, refusal) = await HoldAsync(source, new(to));
        if (former is null)
        {
            return refusal;
        }

        DagState? defined = null;
        var target = _dags.GetValueOrDefault(to);
        if (target is not null)
        {
            (defined, refusal) = await HoldAsync(target, new(To: null));
        }

        if (refusal is not null || rename.DryRun)
        {
            source.Tell(StayAsYouAre.Instance);
            target?.Tell(StayAsYouAre.Instance);
            return refusal;
        }

        Write(rename, source, former.RenamedOver(defined), asker);
        return null;
    }

    private async ValueTask<(DagState? State, string? Refusal)> HoldAsync(ActorRef dag, PrepareRename prepare)
    {
        try
        {
            var answer = await dag.AskAsync<ReadyToRename>(prepare, RenamePatience);
            return (answer.State, answer.Refusal);
        }
        catch (TimeoutException)
        {
            dag.Tell(StayAsYouAre.Instance);
            return (null, "The Dag is busy and did not answer in time; try again.");
        }
    }

    private void Write(RenameDag rename, ActorRef source, DagState state, ActorRef? asker)
    {
        var now = Context.Time.GetUtcNow();
        _renaming = new(rename.From, rename.To, source, state);
        var append = new Append(DagActor.StreamOf(rename.From)) { Ends = true };
        append.Others.Add(new JournalEntry(DagActor.StreamOf(rename.To), DagJson.Serialize(new DagRenamed(rename.From, state, rename.By, rename.Note, now))));
        append.Changes.Add(new DagRenamedRow(rename.From, rename.To, now, rename.By, rename.Note));
        append.Changes.Add(new AuditRow(now, rename.By, Cluster.Api.Operations.RenameDag, rename.From.Value, $"to {rename.To}{(rename.Note is null ? "" : $": {rename.Note}")}"));
        append.OnCommitted.Add(new(Context.Self, RenameWritten.Instance));
        if (asker is not null)
        {
            append.OnCommitted.Add(new(asker, new DagRenameAnswer(null)));
        }

        _company.Runs.Journal.Tell(append, Context.Self);
        LogRenamed(Context.Logger, rename.From, rename.To, rename.By);
    }

    private void OnRenameWritten()
    {
        _company.Runs.Assets.Tell(new AssetsOfDag(_renaming!.From, null, null), Context.Self);
        Context.Watch(_renaming.Source);
        Context.Stop(_renaming.Source);
    }

    /// <summary>Nobody has the old name any more.</summary>
    private void EndRename(Renaming renaming)
    {
        var (from, to) = (renaming.From, renaming.To);
        _renaming = null;
        _dags.Remove(from);
        if (_files.Remove(from, out var file))
        {
            _files.TryAdd(to, file);
        }

        _formerNames.Remove(to);
        _formerNames[from] = to;
        if (_dags.TryGetValue(to, out var target))
        {
            target.Tell(new TakeOver(renaming.State), Context.Self);
        }
        else
        {
            SpawnDag(to, renaming.State, new BackfillClaims(to), [], waitsForDefinition: true);
        }

        var waiting = _putAside.ToList();
        _putAside.Clear();
        foreach (var (message, sender) in waiting)
        {
            Context.Self.Tell(message, sender);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Dag {From} is renamed to {To} by {Who}")]
    private static partial void LogRenamed(ILogger logger, DagId from, DagId to, string who);

    private sealed record Renaming(DagId From, DagId To, ActorRef Source, DagState State)
    {
        public bool IsOf(DagId dag) => dag == From || dag == To;
    }

    private sealed record RenameAgain(string File);

    private sealed record RenameWritten
    {
        public static RenameWritten Instance { get; } = new();
    }
}
