using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Cluster.Membership;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Scheduler.Assets;
using Sluice.Scheduler.Backfills;
using Sluice.Scheduler.Callbacks;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Dispatch;
using Sluice.Scheduler.Journal;
using Sluice.Scheduler.Retention;
using Sluice.Scheduler.Watermarks;
using Sluice.Scheduler.XComs;
using Sluice.Storage;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler;

/// <summary>Asks the scheduler to hand a message to a Dag; answered by <see cref="NoSuchDag"/> when there is none.</summary>
internal sealed record ToDag(DagId Dag, object Message);

internal sealed record NoSuchDag(DagId Dag);

/// <summary>Asks the scheduler to hand a message to a backfill that is not over; answered by <see cref="NoSuchBackfill"/> when there is none.</summary>
internal sealed record ToBackfill(string Id, object Message);

internal sealed record NoSuchBackfill(string Id);

/// <summary>Everything that one leadership does: rebuilt from the journal when it begins, gone when it ends.</summary>
/// <remarks>Its children escalate: after a failure nothing in memory is trusted, and the elector begins a new epoch.</remarks>
internal sealed partial class SchedulerActor(long epoch, IStore store, NodeHost host, Silence silence, XComLists lists, SchedulerOptions options, Props? folder) : Actor
{
    private readonly Dictionary<DagId, ActorRef> _dags = [];
    private readonly Dictionary<DagId, string> _files = [];
    private readonly Dictionary<string, string> _errors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ActorRef> _backfills = new(StringComparer.Ordinal);
    private readonly HashSet<ActorRef> _starting = [];
    private readonly Dictionary<DagId, string> _losers = [];
    private SchedulerCompany _company = null!;

    protected override async ValueTask PreStartAsync()
    {
        var started = Context.Time.GetTimestamp();
        lists.Clear();
        var versions = new DagVersions(store.ReadModel);
        var recovered = await Recovery.ReadAsync(store, versions, CancellationToken.None);
        var journal = Context.Spawn(Props.Create(() => new JournalActor(store.Journal, epoch, recovered.Oldest, onWritten: lists.OnWritten)), "journal");
        var dispatcher = Context.Spawn(Props.Create(() => new DispatcherActor()), "dispatcher");
        var workers = Context.Spawn(Props.Create(() => new WorkersActor(host.Transport, dispatcher, epoch, silence)), "workers");
        var assets = Context.Spawn(Props.Create(() => new AssetsActor(journal, options.AssetEventsKept)), "assets");
        Context.Spawn(Props.Create(() => new RetentionActor(journal, store.ReadModel, options.RenderedFieldsKept)), "retention");
        var ids = new RunIds(epoch);
        var callbacks = Context.Spawn(Props.Create(() => new CallbacksActor([.. recovered.Callbacks.Values], journal, workers)), "callbacks");
        _starting.Add(callbacks);
        Context.Spawn(Props.Create(() => new WatermarksActor(store.ReadModel, journal)), "watermarks");
        _company = new(new(journal, dispatcher, workers, callbacks, assets, ids), versions, store.ReadModel, ids);

        foreach (var pool in await store.ReadModel.ListPoolsAsync(CancellationToken.None))
        {
            dispatcher.Tell(new PoolSized(pool.Name, pool.Slots, pool.IncludeDeferred));
        }

        foreach (var (id, dag) in recovered.Dags)
        {
            _starting.Add(SpawnDag(id, dag, recovered.ClaimsOf(id), recovered.RunsOf(id)));
            if (dag.Active)
            {
                _files[id] = dag.File;
            }
        }

        foreach (var error in await store.ReadModel.ListImportErrorsAsync(CancellationToken.None))
        {
            _errors[error.File] = error.Message ?? "";
        }

        foreach (var rename in await store.ReadModel.ListRenamesAsync(CancellationToken.None))
        {
            _formerNames[rename.From] = rename.To;
        }

        foreach (var (id, backfill) in recovered.Backfills)
        {
            _backfilled[id] = backfill.Dag;
            SpawnBackfill(id, backfill);
        }

        LogRecovered(
            Context.Logger, recovered.Dags.Count, recovered.Runs, recovered.Records, Context.Time.GetElapsedTime(started).TotalMilliseconds);
    }

    /// <summary>Only when every Dag and the callbacks have started: whoever follows the claim finds everything as it was.</summary>
    private void Lead()
    {
        host.Subscribe(Context.Self, static happened => happened is PeerMessage && happened.Peer.Role == NodeRole.Worker);
        host.Membership.Tell(new ClaimLeadership(new(host.Self.Id, host.Self.Address ?? "", epoch)));
        if (folder is not null)
        {
            Context.Spawn(folder, "folder");
        }
    }

    protected override ValueTask PostStopAsync()
    {
        host.Unsubscribe(Context.Self);
        host.Membership.Tell(new WithdrawLeadership());
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask ReceiveAsync(object message)
    {
        if (PutAside(message))
        {
            return;
        }

        switch (message)
        {
            case DagStarted when _starting.Remove(Context.Sender!) && _starting.Count == 0:
                Lead();
                break;
            case PeerMessage peer:
                _company.Runs.Workers.Tell(peer, Context.Sender);
                break;
            case IsCurrent or KeepForAttempt:
                _company.Runs.Workers.Tell(message, Context.Sender);
                break;
            case ToDag to when _dags.TryGetValue(to.Dag, out var dag):
                dag.Tell(to.Message, Context.Sender);
                break;
            case ToDag to:
                Context.Sender?.Tell(new NoSuchDag(to.Dag));
                break;
            case ToBackfill to when _backfills.TryGetValue(to.Id, out var backfill):
                backfill.Tell(to.Message, Context.Sender);
                break;
            case ToBackfill to:
                Context.Sender?.Tell(new NoSuchBackfill(to.Id));
                break;
            case MakeBackfill make when _backfills.ContainsKey(make.Id):
                Context.Sender?.Tell(new BackfillAnswer(null, $"There is a backfill '{make.Id}' already."));
                break;
            case MakeBackfill make:
                _backfilled[make.Id] = make.Dag;
                SpawnBackfill(make.Id, BackfillState.Empty).Tell(make, Context.Sender);
                break;
            case RenameDag rename:
                await OnRenameAsync(rename);
                break;
            case RenameWritten:
                OnRenameWritten();
                break;
            case Terminated gone when _renaming is { } renaming && gone.Actor == renaming.Source:
                EndRename(renaming);
                break;
            case RunFinished { Facts.Backfill: { } id } finished:
                if (_backfills.TryGetValue(id, out var of))
                {
                    of.Tell(finished);
                }

                break;
            case Terminated gone:
                foreach (var (id, _) in _backfills.Where(entry => entry.Value == gone.Actor).ToList())
                {
                    _backfills.Remove(id);
                    _backfilled.Remove(id);
                }

                break;
            case FileProcessed processed:
                await OnProcessedAsync(processed.File);
                break;
            case FileGone gone:
                await OnGoneAsync(gone.File);
                break;
            case RenameAgain again when _waiting.TryGetValue(again.File, out var waiting):
                await OnProcessedAsync(waiting);
                break;
            case FolderListed listed:
                // Files that went away while nobody looked.
                foreach (var file in _files.Values.Concat(_errors.Keys).Where(file => !listed.Files.Contains(file)).Distinct().ToList())
                {
                    await OnGoneAsync(file);
                }

                break;
            case Leading leading:
                Context.Sender?.Tell(leading);
                break;
            case VariableChanged changed:
                Context.Child("folder")?.Tell(changed);
                break;
            case SetPool set:
                var pool = new Append("pools");
                pool.Changes.Add(new PoolRow(set.Name, set.Slots, set.IncludeDeferred, set.Description, Context.Time.GetUtcNow()));
                pool.OnCommitted.Add(new(_company.Runs.Dispatcher, new PoolSized(set.Name, set.Slots ?? set.WhenRemoved, set.IncludeDeferred)));
                if (Context.Sender is { } setter)
                {
                    pool.OnCommitted.Add(new(setter, true));
                }

                _company.Runs.Journal.Tell(pool, Context.Self);
                break;
            case AssetsQuestion or EmitAsset:
                _company.Runs.Assets.Tell(message, Context.Sender);
                break;
            case AskWatermark or MoveWatermark:
                Context.Child("watermarks")?.Tell(message, Context.Sender);
                break;
            case PoolsQuestion question:
                _company.Runs.Dispatcher.Tell(question, Context.Sender);
                break;
            case Audit audit:
                var append = new Append("audit");
                append.Changes.Add(new AuditRow(Context.Time.GetUtcNow(), audit.Who, audit.Action, audit.Subject, audit.Details));
                _company.Runs.Journal.Tell(append, Context.Self);
                break;
        }
    }

    protected override string Describe() => string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}, {_dags.Count} dags, {_backfills.Count} backfills");

    private ValueTask OnGoneAsync(string file) => OnProcessedAsync(new() { File = file, ContentHash = "" });

    private async ValueTask OnProcessedAsync(ProcessedFile file)
    {
        if (await TakeNamesOverAsync(file) is not { } refused)
        {
            return; // It is looked at again when the name has changed.
        }

        var problems = file.Problems.Select(problem => problem.ToString()).ToList();
        var defined = new HashSet<DagId>();
        foreach (var dag in file.Dags)
        {
            if (!TryRead(dag, out var spec, out var wrong))
            {
                problems.AddRange(wrong.Select(problem => $"{file.File}: {problem}"));
                continue;
            }

            if (refused.TryGetValue(spec.Id, out var why))
            {
                problems.Add($"{file.File}: Dag '{spec.Id}' cannot take over the history of '{spec.RenamedFrom}' (renamed_from): {why}");
                continue;
            }

            if (_files.TryGetValue(spec.Id, out var other) && other != file.File)
            {
                problems.Add($"{file.File}: Dag '{spec.Id}' is defined by {other} already; give one of them another id.");
                _losers[spec.Id] = file.File;
                continue;
            }

            if (await TakeTaskNamesOverAsync(spec, file.File) is { } refusal)
            {
                problems.Add($"{file.File}: Dag '{spec.Id}': a task cannot take over the history of another (renamed_from): {refusal}");
                continue;
            }

            _files[spec.Id] = file.File;
            defined.Add(spec.Id);
            var actor = _dags.GetValueOrDefault(spec.Id) ?? SpawnDag(spec.Id, new(), new(spec.Id), []);
            actor.Tell(new Define(spec, dag.Version, file.BundleHash, file.File), Context.Self);
        }

        // A file with problems may be one that is being edited: what it defined before stays as it was.
        if (problems.Count == 0)
        {
            foreach (var (id, _) in _files.Where(entry => entry.Value == file.File && !defined.Contains(entry.Key)).ToList())
            {
                _files.Remove(id);
                _dags[id].Tell(new Undefine(), Context.Self);
                if (_losers.Remove(id, out var loser))
                {
                    Context.Child("folder")?.Tell(new LookAgain(loser));
                }
            }
        }

        var message = problems.Count == 0 ? null : string.Join('\n', problems);
        if (message != _errors.GetValueOrDefault(file.File))
        {
            var append = new Append("files");
            append.Changes.Add(new ImportErrorRow(file.File, message, Context.Time.GetUtcNow()));
            _company.Runs.Journal.Tell(append, Context.Self);
            if (message is null)
            {
                _errors.Remove(file.File);
            }
            else
            {
                _errors[file.File] = message;
                LogProblem(Context.Logger, file.File, message);
            }
        }
    }

    /// <summary>The definition comes out of a process that ran user code: nothing in it may break the actors.</summary>
    private static bool TryRead(ProcessedDag dag, out DagSpec spec, out IReadOnlyList<string> wrong)
    {
        try
        {
            spec = DagSpecJson.Deserialize(dag.Spec);
            wrong = [.. DagValidator.Validate(spec, new() { MaxTasks = int.MaxValue }).Select(problem => problem.ToString())];
            return wrong.Count == 0;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NullReferenceException)
        {
            (spec, wrong) = (null!, [$"The Dag processor handed over what is no Dag: {e.Message}"]);
            return false;
        }
    }

    private ActorRef SpawnDag(DagId id, DagState state, BackfillClaims claims, IReadOnlyList<DagRunState> runs, bool waitsForDefinition = false) =>
        _dags[id] = Context.Spawn(
            Props.Create(() => new DagActor(id, state, claims, runs, _company, waitsForDefinition)).WithSupervision(SupervisionStrategy.Escalate), "dag-" + id.Value);

    private ActorRef SpawnBackfill(string id, BackfillState recovered)
    {
        var actor = Context.Spawn(Props.Create(() => new BackfillActor(id, recovered, _company)).WithSupervision(SupervisionStrategy.Escalate), "backfill-" + id);
        Context.Watch(actor);
        return _backfills[id] = actor;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Recovered {Dags} dags and {Runs} active runs from {Records} records in {Milliseconds:0} ms")]
    private static partial void LogRecovered(ILogger logger, int dags, int runs, int records, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} cannot be imported:\n{Problem}")]
    private static partial void LogProblem(ILogger logger, string file, string problem);
}

/// <summary>Asks whether someone leads here; answered by itself.</summary>
internal sealed record Leading
{
    public static Leading Instance { get; } = new();
}

/// <summary>Makes, resizes or, with null slots, removes a pool. Answered by true after the commit.</summary>
/// <param name="Name">The pool.</param>
/// <param name="Slots">-1 is without limit.</param>
/// <param name="IncludeDeferred">Whether async sensors take slots of it.</param>
/// <param name="Description">For people.</param>
/// <param name="WhenRemoved">What it has without being set; null when there is no such pool then.</param>
internal sealed record SetPool(string Name, int? Slots, bool IncludeDeferred, string? Description, int? WhenRemoved = null);

/// <summary>Writes a line to the audit log.</summary>
internal sealed record Audit(string Who, string Action, string Subject, string Details);
