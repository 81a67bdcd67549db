using System.Text.Json.Nodes;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Authoring.XComs;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Execution;

/// <summary>Turns what a sensor sees into occurrences: each is told of once (docs/concepts/assets.md).</summary>
internal static class WatchedAsset
{
    private const string Mark = "mark";
    private const string Value = "value";

    /// <summary>Whether the wait of this part is over.</summary>
    public static async ValueTask<Poke> JudgeAsync(WatchPart part, Poke poke, TaskContext context, CancellationToken cancellationToken)
    {
        if (part == WatchPart.Watch)
        {
            if (poke.IsDone)
            {
                Tell(poke, context);
            }

            return poke;
        }

        if (!poke.IsDone)
        {
            return Poke.Done;
        }

        // What it told of last is in the commit of the run before.
        var last = await context.Services.GetAssetEventsAsync(context.Task.Inlets![0], 1, context.Dag.Id.Value, cancellationToken);
        if (last is not [.., { Extra: var extra }])
        {
            return Poke.Done;
        }

        var told = JsonNode.Parse(extra)!.AsObject();
        return JsonNode.DeepEquals(told[Mark] ?? told[Value], JsonOf(poke.Mark ?? poke.Value)) ? Poke.NotYet : Poke.Done;
    }

    private static void Tell(Poke poke, TaskContext context)
    {
        var said = context.OutletEvents[context.Task.Outlets![0]].Extra;
        if (poke.Value is not null)
        {
            said[Value] = poke.Value;
        }

        if (poke.Mark is not null)
        {
            said[Mark] = poke.Mark;
        }
    }

    private static JsonNode? JsonOf(object? value) => value is null ? null : JsonNode.Parse(XComJson.Serialize(Mark, value));
}
