using Sluice.Authoring.Bundles;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;

namespace Sluice.Authoring.Tests.Dags;

/// <summary>Definitions run in the test's own process.</summary>
internal static class Definitions
{
    public static readonly DateTimeOffset Noon = new(2021, 2, 5, 12, 0, 0, TimeSpan.Zero);

    public static ProviderCatalog Catalog
    {
        get
        {
            var catalog = new ProviderCatalog();
            catalog.AddOperator<CopyOperator>();
            catalog.AddOperator<DoorSensor>();
            return catalog;
        }
    }

    public static DagCollector Collect(Action<DagBuilder> configure, IReadOnlyDictionary<string, string>? variables = null)
    {
        var collector = new DagCollector(Catalog, name => variables?.GetValueOrDefault(name));
        collector.Collect(() => Dag.Define("example", configure));
        return collector;
    }

    public static DagDefinition Define(Action<DagBuilder> configure)
    {
        var collector = Collect(configure);
        Assert.Empty(collector.Problems);
        return Assert.Single(collector.Definitions);
    }

    /// <summary>Every dependency as <c>up>down</c>, in order.</summary>
    public static string Edges(this DagDefinition dag) => string.Join(
        ' ', dag.Spec.Tasks.SelectMany(down => down.Upstream.Select(up => $"{dag.Spec.Tasks[up].Id}>{down.Id}")).Order(StringComparer.Ordinal));
}

public enum CopyMode
{
    Append,
    FullRefresh,
}

/// <summary>Stands for a built-in operator.</summary>
public sealed class CopyOperator : Operator
{
    [Templated(".sql")]
    public string Query { get; set; } = "";

    [Templated]
    public IReadOnlyList<string> Keys { get; set; } = [];

    [Templated]
    public IReadOnlyDictionary<string, string> Env { get; set; } = new Dictionary<string, string>();

    public CopyMode Mode { get; set; }

    public TimeSpan Gap { get; set; } = TimeSpan.FromSeconds(5);

    public int? Limit { get; set; }

    public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) => ValueTask.FromResult<object?>(Query);
}

/// <summary>Stands for a built-in sensor.</summary>
public sealed class DoorSensor : Sensor
{
    public string Door { get; set; } = "";

    public override ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken) => ValueTask.FromResult(Poke.Done);
}
