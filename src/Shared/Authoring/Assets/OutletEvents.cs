using Sluice.Authoring.Operators;
using Sluice.Authoring.XComs;
using Sluice.Core.Assets;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Assets;

/// <summary>What an attempt says of the assets that it updates. It counts when the attempt succeeds.</summary>
public sealed class OutletEvents
{
    private readonly TaskSpec _task;
    private readonly Dictionary<NamedAsset, OutletEvent> _events = [];

    /// <param name="task">Whose outlets count.</param>
    public OutletEvents(TaskSpec task) => _task = task;

    /// <summary>The event of an outlet.</summary>
    /// <exception cref="TaskFailedException">The task has no such outlet.</exception>
    public OutletEvent this[NamedAsset outlet] => Of(
        (_task.Outlets ?? []).FirstOrDefault(known => known.Name == outlet.Name && known.GetType() == outlet.GetType())
        ?? throw new TaskFailedException($"Task '{_task.Id}' has no outlet '{outlet.Name}'; add it with .Outlets(...), or with outlets in YAML."));

    /// <inheritdoc cref="this[NamedAsset]"/>
    public OutletEvent this[string name] => Of(
        (_task.Outlets ?? []).FirstOrDefault(known => known.Name == name)
        ?? throw new TaskFailedException($"Task '{_task.Id}' has no outlet '{name}'; add it with .Outlets(...), or with outlets in YAML."));

    /// <summary>What was said so far; null when nothing was.</summary>
    /// <exception cref="TaskFailedException">What was said is more than an event may hold, or is no JSON.</exception>
    public IReadOnlyList<AssetUpdate>? Write()
    {
        var updates = _events.SelectMany(entry => entry.Value.Updates(entry.Key)).ToArray();
        foreach (var update in updates)
        {
            if (AssetRules.NameProblem(update.Asset) is { } name)
            {
                throw new TaskFailedException($"Asset '{update.Asset}' {name}.");
            }

            if (AssetRules.ExtraProblem(update.Extra) is { } extra)
            {
                throw new TaskFailedException($"The extra of asset '{update.Asset}' {extra}.");
            }
        }

        return updates.Length == 0 ? null : updates;
    }

    private OutletEvent Of(NamedAsset outlet)
    {
        if (!_events.TryGetValue(outlet, out var found))
        {
            _events.Add(outlet, found = new(outlet));
        }

        return found;
    }
}

/// <summary>What an attempt says of one outlet.</summary>
public sealed class OutletEvent
{
    private readonly NamedAsset _outlet;
    private readonly List<(Asset Asset, object? Extra)> _named = [];

    internal OutletEvent(NamedAsset outlet) => _outlet = outlet;

    /// <summary>Whatever those who wait for the asset should know; values must have a JSON form. At most 16 KiB.</summary>
    public IDictionary<string, object?> Extra { get; } = new Dictionary<string, object?>();

    /// <summary>For an alias: says that this asset has been updated. May be called for several assets.</summary>
    /// <param name="asset">Need not be known before.</param>
    /// <param name="extra">Of this asset; null for <see cref="Extra"/>.</param>
    /// <exception cref="TaskFailedException">The outlet is no alias.</exception>
    public void Add(Asset asset, IReadOnlyDictionary<string, object?>? extra = null)
    {
        if (_outlet is not AssetAlias)
        {
            throw new TaskFailedException($"Outlet '{_outlet.Name}' is an asset; only to an alias can assets be added.");
        }

        _named.RemoveAll(entry => entry.Asset.Name == asset.Name);
        _named.Add((asset, extra));
    }

    internal IEnumerable<AssetUpdate> Updates(NamedAsset outlet) => outlet is AssetAlias
        ? _named.Select(entry => new AssetUpdate(entry.Asset.Name, outlet.Name, XComJson.Serialize(entry.Asset.Name, entry.Extra ?? Extra)))
        : [new AssetUpdate(outlet.Name, null, XComJson.Serialize(outlet.Name, Extra))];
}
