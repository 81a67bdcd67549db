using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;

namespace Sluice.Core.Templates;

/// <summary>The names that are about assets: what a task reads and updates, and the updates that its run was made of.</summary>
internal static class AssetVariables
{
    public static IReadOnlyList<string> Names { get; } = ["inlets", "outlets", "inlet_events", "outlet_events", "triggering_asset_events"];

    /// <summary>One of <see cref="Names"/>; null for others.</summary>
    public static TemplateValue? Get(string name, RunFacts run, TaskSpec task, ITemplateLookups lookups) => name switch
    {
        "inlets" => TemplateValue.From((task.Inlets ?? []).Select(Named)),
        "outlets" => TemplateValue.From((task.Outlets ?? []).Select(Named)),
        "inlet_events" => new DictionaryValue((task.Inlets ?? []).Select(inlet => KeyValuePair.Create(
            TemplateValue.From(inlet.Name), OutsideVariables.Fetch(lookups, new(TemplateLookupKind.InletEvents, inlet.Name)) ?? TemplateValue.From((IEnumerable<TemplateValue>)[])))),
        // What the attempt has said so far: templates are rendered before it says anything.
        "outlet_events" => new DictionaryValue((task.Outlets ?? []).Select(outlet => KeyValuePair.Create(
            TemplateValue.From(outlet.Name), (TemplateValue)new ObjectValue($"<OutletEvent {outlet.Name}>", new Dictionary<string, TemplateValue>
            {
                ["asset"] = Named(outlet),
                ["extra"] = TemplateValue.FromJson("{}"),
            })))),
        "triggering_asset_events" => new DictionaryValue((run.AssetEvents ?? []).GroupBy(one => one.Asset)
            .Select(events => KeyValuePair.Create(TemplateValue.From(events.Key), TemplateVariables.AssetEvents(events)))),
        _ => null,
    };

    private static TemplateValue Named(NamedAsset named) => named is Asset asset
        ? new ObjectValue($"<Asset {asset.Name}>", new Dictionary<string, TemplateValue>
        {
            ["name"] = TemplateValue.From(asset.Name),
            ["uri"] = TemplateValue.From(asset.Uri ?? asset.Name),
            ["extra"] = TemplateValue.FromJson(asset.Extra ?? "{}"),
        })
        : new ObjectValue($"<AssetAlias {named.Name}>", new Dictionary<string, TemplateValue> { ["name"] = TemplateValue.From(named.Name) });
}
