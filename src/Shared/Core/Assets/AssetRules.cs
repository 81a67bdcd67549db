using System.Text.Json;
using Sluice.Core.Dags;

namespace Sluice.Core.Assets;

/// <summary>What assets and what is said of them may look like.</summary>
public static class AssetRules
{
    public const int LongestName = 250;

    /// <summary>In characters of JSON.</summary>
    public const int LargestExtra = 16 * 1024;

    private const int DeepestExpression = 16;

    /// <summary>Follows "asset 'x' "; null when all is well.</summary>
    public static string? NameProblem(string? name) => name switch
    {
        null or "" => "has no name; give it one of 1 to 250 characters",
        { Length: > LongestName } => $"has a name of {name.Length} characters; at most {LongestName} are allowed",
        _ when name.Any(char.IsControl) || name.Trim().Length != name.Length => "has a name with a control character, or with blanks at its ends; take these out",
        _ => null,
    };

    /// <summary>Follows "the extra "; null when all is well.</summary>
    public static string? ExtraProblem(string extra)
    {
        if (extra.Length > LargestExtra)
        {
            return $"has {extra.Length} characters as JSON, more than the limit of {LargestExtra}; write such data to an object store and give its address";
        }

        try
        {
            using var document = JsonDocument.Parse(extra);
            return document.RootElement.ValueKind == JsonValueKind.Object ? null : "is no JSON object; give one such as {\"rows\": 12}";
        }
        catch (JsonException)
        {
            return "is not JSON; give an object such as {\"rows\": 12}";
        }
    }

    /// <summary>What is wrong with the assets of a Dag, a sentence each, without its last full stop.</summary>
    internal static IEnumerable<(TaskSpec? Task, string Problem)> Problems(DagSpec dag)
    {
        var first = new Dictionary<string, NamedAsset>(StringComparer.Ordinal);
        var expression = dag.Schedule.AssetCondition;
        if (expression is not null && ShapeProblem(expression, DeepestExpression) is { } shape)
        {
            yield return (null, shape);
            yield break;
        }

        foreach (var name in expression?.Names ?? [])
        {
            if (Problem(name, first) is { } problem)
            {
                yield return (null, $"its schedule: {problem}");
            }
        }

        foreach (var task in dag.Tasks)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var outlet in task.Outlets ?? [])
            {
                if (Problem(outlet, first) is { } problem)
                {
                    yield return (task, problem);
                }
                else if (!seen.Add(outlet.Name))
                {
                    yield return (task, $"asset '{outlet.Name}' is among its outlets twice; name it once");
                }
            }

            seen.Clear();
            foreach (var inlet in task.Inlets ?? [])
            {
                if (Problem(inlet, first) is { } problem)
                {
                    yield return (task, problem);
                }
                else if (!seen.Add(inlet.Name))
                {
                    yield return (task, $"asset '{inlet.Name}' is among its inlets twice; name it once");
                }
            }
        }

        if (OwnRunProblem(dag) is { } endless)
        {
            yield return endless;
        }
    }

    /// <summary>A Dag whose own updates are enough for its next run would never end; one that waits for something else as well is sound.</summary>
    private static (TaskSpec? Task, string Problem)? OwnRunProblem(DagSpec dag)
    {
        if (dag.Schedule.AssetCondition is not { } condition)
        {
            return null;
        }

        // Whether an alias stands for any asset is known only when the task runs.
        var own = dag.Tasks.SelectMany(task => (task.Outlets ?? []).OfType<Asset>().Select(outlet => (Task: task, Outlet: outlet)))
            .Where(one => condition.Names.Any(name => name.Key == one.Outlet.Key)).ToList();
        return own.Count > 0 && condition.IsMetBy(own.ConvertAll(one => new AssetEvent { Asset = one.Outlet.Name, At = default }))
            ? (own[0].Task, $"it updates asset '{own[0].Outlet.Name}', and the Dag runs whenever that is updated: each run would make the next; take the outlet away, or let the schedule wait for another asset as well")
            : null;
    }

    private static string? Problem(NamedAsset asset, Dictionary<string, NamedAsset> first)
    {
        var what = asset is AssetAlias ? "asset alias" : "asset";
        if (NameProblem(asset.Name) is { } name)
        {
            return $"{what} '{asset.Name}' {name}";
        }

        if (asset is Asset { Extra: { } extra } && ExtraProblem(extra) is { } wrong)
        {
            return $"the extra of asset '{asset.Name}' {wrong}";
        }

        if (first.TryAdd(asset.Name, asset))
        {
            return null;
        }

        return (first[asset.Name], asset) switch
        {
            (Asset a, Asset b) when a.Uri is not null && b.Uri is not null && a.Uri != b.Uri => $"asset '{asset.Name}' is at {b.Uri} here and at {a.Uri} elsewhere in the Dag; give one of them another name",
            (Asset, AssetAlias) or (AssetAlias, Asset) => $"'{asset.Name}' is an asset in one place of the Dag and an alias in another; give one of them another name",
            _ => null,
        };
    }

    private static string? ShapeProblem(AssetExpression expression, int levels)
    {
        var parts = expression switch
        {
            AllOfAssets all => all.Of,
            AnyOfAssets any => any.Of,
            _ => null,
        };
        return parts is null ? null
            : parts.Count == 0 ? "its schedule has an empty group of assets; name at least one asset in all and any"
            : levels == 0 ? $"its schedule nests assets more than {DeepestExpression} levels deep; make it flatter"
            : parts.Select(part => ShapeProblem(part, levels - 1)).FirstOrDefault(problem => problem is not null);
    }
}
