using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Core.Assets;
using Sluice.Core.Dags;
using Sluice.Scheduler.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Assets;

/// <summary>A Dag says which assets it updates and which it waits for; both null when it is gone.</summary>
internal sealed record AssetsOfDag(DagId Dag, IReadOnlyList<AssetOfTask>? Updates, AssetExpression? WaitsFor);

internal sealed record AssetOfTask(NamedAsset Asset, TaskId Task);

/// <summary>After the commit: events of these are on disk.</summary>
internal sealed record AssetsMoved(IReadOnlyList<AssetUpdate> Updates);

/// <summary>To a Dag: there may be events that it waits for.</summary>
internal sealed record LookAtAssets
{
    public static LookAtAssets Instance { get; } = new();
}

/// <summary>Someone outside has updated an asset. Answered by an <see cref="EmitAnswer"/>, after the commit.</summary>
internal sealed record EmitAsset(string Asset, string Extra, string By);

/// <param name="Refusal">One sentence; null when the event is on disk.</param>
internal sealed record EmitAnswer(string? Refusal);

/// <summary>Asks for all assets that Dags know; answered by <see cref="KnownAssets"/>.</summary>
internal sealed record AssetsQuestion
{
    public static AssetsQuestion Instance { get; } = new();
}

/// <param name="Assets">By name.</param>
/// <param name="Circles">Dags that make each other run without end.</param>
internal sealed record KnownAssets(IReadOnlyList<KnownAsset> Assets, IReadOnlyList<AssetCircle> Circles);

/// <param name="Asset">The asset or alias, with what a Dag says of where it is, if one does.</param>
/// <param name="UpdatedBy">Tasks that have it as an outlet.</param>
/// <param name="Consumers">Dags that wait for it.</param>
internal sealed record KnownAsset(NamedAsset Asset, IReadOnlyList<(DagId Dag, TaskId Task)> UpdatedBy, IReadOnlyList<DagId> Consumers);

/// <summary>Knows who waits for which asset, and tells them that there is something to look at.</summary>
/// <remarks>
/// It holds nothing that must not be lost: events are rows that are committed with what they follow from, and each Dag remembers in its own journal
/// up to which row it has looked. A Dag that starts looks by itself.
/// </remarks>
/// <param name="journal">Where events from outside are written.</param>
/// <param name="eventsKept">Events of each asset that stay; a tenth more may gather before the oldest are deleted.</param>
internal sealed partial class AssetsActor(ActorRef journal, int eventsKept) : Actor
{
    // Events since the oldest of their asset were deleted, in this leadership: it begins by deleting.
    private readonly Dictionary<string, int> _untrimmed = new(StringComparer.Ordinal);

    private readonly Dictionary<DagId, (ActorRef Actor, AssetsOfDag Uses)> _dags = [];
    private readonly HashSet<string> _toldOf = new(StringComparer.Ordinal); // circles

    protected override ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case AssetsOfDag { Updates: null, WaitsFor: null } gone:
                _dags.Remove(gone.Dag);
                LookForCirclesSoon();
                break;
            case AssetsOfDag uses:
                _dags[uses.Dag] = (Context.Sender!, uses);
                LookForCirclesSoon();
                break;
            case LookForCircles:
                TellOfCircles();
                break;
            case AssetsMoved moved:
                Tell(moved);
                break;
            case EmitAsset emit:
                Emit(emit);
                break;
            case AssetsQuestion:
                Context.Sender?.Tell(new KnownAssets(Known(), Circles()));
                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() => string.Create(
        CultureInfo.InvariantCulture, $"{_dags.Values.Count(dag => dag.Uses.WaitsFor is not null)} dags wait for assets, {_dags.Values.Count(dag => dag.Uses.Updates is not null)} update some");

    /// <summary>Files are read one after the other: what two of them make is looked at when a while has passed, so that a thousand of them are looked at once.</summary>
    private void LookForCirclesSoon()
    {
        if (!Context.Timers.IsActive(LookForCircles.Instance))
        {
            Context.Timers.StartSingle(LookForCircles.Instance, TimeSpan.FromSeconds(1), LookForCircles.Instance);
        }
    }

    private void TellOfCircles()
    {
        var circles = Circles();
        foreach (var circle in circles.Where(circle => !_toldOf.Contains(circle.Path)))
        {
            LogCircle(Context.Logger, circle.Warning);
        }

        _toldOf.Clear();
        _toldOf.UnionWith(circles.Select(circle => circle.Path));
    }

    private IReadOnlyList<AssetCircle> Circles() => AssetCircle.Find(
        _dags.Values.Select(dag => new AssetLinks(dag.Uses.Dag, [.. (dag.Uses.Updates ?? []).Select(update => update.Asset).OfType<Asset>()], dag.Uses.WaitsFor)));

    private void Tell(AssetsMoved moved)
    {
        var events = moved.Updates.Select(update => new AssetEvent { Asset = update.Asset, Alias = update.Alias, At = default }).ToList();
        foreach (var (actor, uses) in _dags.Values)
        {
            if (uses.WaitsFor is { } expression && expression.Names.Any(name => events.Exists(name.Has)))
            {
                actor.Tell(LookAtAssets.Instance, Context.Self);
            }
        }

        Trim(moved);
    }

    /// <summary>
    /// A Dag that waits copies what it queues, and queues no more of an asset than stays here at least: what has not been looked at yet is not deleted.
    /// </summary>
    private void Trim(AssetsMoved moved)
    {
        var append = new Append("assets");
        foreach (var asset in moved.Updates.GroupBy(update => update.Asset))
        {
            var before = _untrimmed.TryGetValue(asset.Key, out var known) ? known : eventsKept;
            var now = before + asset.Count();
            if (now >= Math.Max(1, eventsKept / 10))
            {
                append.Changes.Add(new AssetEventsTrimmed(asset.Key, eventsKept));
                now = 0;
            }

            _untrimmed[asset.Key] = now;
        }

        if (!append.IsEmpty)
        {
            journal.Tell(append, Context.Self);
        }
    }

    private void Emit(EmitAsset emit)
    {
        var known = Known();
        if (known.All(asset => asset.Asset.Name != emit.Asset || asset.Asset is AssetAlias))
        {
            var alias = known.Any(asset => asset.Asset.Name == emit.Asset) ? $"'{emit.Asset}' is an alias: name the asset itself." : $"No Dag knows an asset '{emit.Asset}'. See those that are known: sluice assets list";
            Context.Sender?.Tell(new EmitAnswer(alias));
            return;
        }

        var append = new Append("assets");
        append.Changes.Add(new AssetEventRow(new() { Asset = emit.Asset, At = Context.Time.GetUtcNow(), Extra = emit.Extra, By = emit.By }));
        append.Changes.Add(new AuditRow(Context.Time.GetUtcNow(), emit.By, "assets.emit", emit.Asset, emit.Extra));
        append.OnCommitted.Add(new(Context.Self, new AssetsMoved([new(emit.Asset, null, emit.Extra)])));
        if (Context.Sender is { } asker)
        {
            append.OnCommitted.Add(new(asker, new EmitAnswer(null)));
        }

        journal.Tell(append, Context.Self);
    }

    private List<KnownAsset> Known()
    {
        var uses = _dags.Values.Select(dag => dag.Uses).OrderBy(dag => dag.Dag.Value, StringComparer.Ordinal).ToList();
        return
        [
            .. uses.SelectMany(dag => (dag.Updates ?? []).Select(update => update.Asset).Concat(dag.WaitsFor?.Names ?? []))
                .GroupBy(asset => asset.Key)
                .OrderBy(named => named.Key.Name, StringComparer.Ordinal).ThenBy(named => named.Key.IsAlias)
                .Select(named => new KnownAsset(
                    named.FirstOrDefault(asset => asset is Asset { Uri: not null } or Asset { Extra: not null }) ?? named.First(),
                    [.. uses.SelectMany(dag => (dag.Updates ?? []).Where(update => update.Asset.Key == named.Key).Select(update => (dag.Dag, update.Task)))],
                    [.. uses.Where(dag => dag.WaitsFor?.Names.Any(name => name.Key == named.Key) == true).Select(dag => dag.Dag)])),
        ];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    private static partial void LogCircle(ILogger logger, string warning);

    private sealed record LookForCircles
    {
        public static LookForCircles Instance { get; } = new();
    }
}
