using System.Text.Json;
using Sluice.Authoring.Assets;
using Sluice.Authoring.Bundles;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Authoring.Testing;
using Sluice.Authoring.Tests.Dags;
using Sluice.Authoring.Yaml;
using Sluice.Core.Assets;
using Sluice.Core.Connections;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.Execution;

/// <summary>Which occurrences a watcher tells of, and how it is written.</summary>
public sealed class WatchedAssetTests
{
    /// <summary>What the sensor sees at each look: "-" nothing, else a value, and after ":" its mark. Runs follow on one another, as those of a watcher do.</summary>
    [Theory]
    [InlineData("- - a", "a")]
    [InlineData("a a a a", "a")] // what lasts is told of once
    [InlineData("a a - - a a", "a a")] // what comes again, again
    [InlineData("a b b c", "a b c")] // and what becomes something else
    [InlineData("a:1 a:1 a:2 a:2", "a a")] // by its mark
    [InlineData("a:1 b:1 - b:1", "a b")]
    [InlineData("! ! ! - ! -", "! !")] // a condition without a value
    [InlineData("a X a b X X b", "a b")] // a look that fails says nothing
    public async Task Each_occurrence_is_told_of_once(string seen, string expected)
    {
        var looks = new Queue<string>(seen.Split(' ').Concat(Enumerable.Repeat("end", 4)));
        var services = new Events();
        var told = new List<string>();
        while (true)
        {
            foreach (var part in new[] { WatchPart.Rest, WatchPart.Watch })
            {
                while (true)
                {
                    var look = looks.Dequeue();
                    if (look == "end")
                    {
                        Assert.Equal(expected, string.Join(' ', told));
                        return;
                    }

                    var outcome = await PokeAsync(part, look, services);
                    Assert.Contains(outcome.Kind, new[] { OutcomeKind.Success, OutcomeKind.Rescheduled, OutcomeKind.Failed });
                    if (outcome.Kind != OutcomeKind.Success)
                    {
                        continue;
                    }

                    if (part == WatchPart.Watch)
                    {
                        var update = Assert.Single(outcome.AssetUpdates!);
                        services.All.Add(new() { Id = services.All.Count + 1, Asset = update.Asset, At = Definitions.Noon, Extra = update.Extra, SourceDag = "watcher" });
                        told.Add(JsonDocument.Parse(update.Extra).RootElement.TryGetProperty("value", out var value) ? value.GetString()! : "!");
                    }
                    else if (look is not "-")
                    {
                        // Something new: "watch" sees it, too.
                        looks = new(new[] { look }.Concat(looks));
                    }

                    break;
                }
            }
        }
    }

    [Fact]
    public void A_watcher_in_code_and_one_in_YAML_are_the_same()
    {
        var collector = new DagCollector(Definitions.Catalog, _ => null);
        collector.Collect(() => Dag.Watch("door", new Asset("visits", "door://front"), new DoorSensor { Door = "front", PokeInterval = TimeSpan.FromSeconds(5) }, dag =>
        {
            dag.Defaults.Owner = "data";
            dag.Defaults.Queue = "near";
        }));
        Assert.Empty(collector.Problems);
        var code = Assert.Single(collector.Check(DagLimits.Default).Dags).Spec;
        var yaml = Load("""
            dag_id: door
            default_args: {owner: data, queue: near}
            watch:
              asset: {asset: visits, uri: "door://front"}
              operator: DoorSensor
              door: front
              poke_interval: 5s
            """);
        Assert.Empty(yaml.Problems);

        Assert.Equal(DagVersion.Of(code), DagVersion.Of(yaml.Dags[0].Spec));
        Assert.Equal((new ContinuousSchedule(), 1), (code.Schedule, code.MaxActiveRuns));
        var (rest, watch) = (code.Tasks[0], code.Tasks[1]);
        Assert.Equal((WatchPart.Rest, SensorMode.Async, "near"), (rest.Sensor!.Watch, rest.Sensor.Mode, rest.Queue));
        Assert.Equal((WatchPart.Watch, 0, """{"door":"front"}"""), (watch.Sensor!.Watch, watch.Upstream.Single(), watch.Arguments));
        Assert.Equal(("visits", "visits"), (rest.Inlets!.Single().Name, watch.Outlets!.Single().Name));
    }

    [Theory]
    [InlineData("watch: {operator: DoorSensor, door: x}", "A watcher updates one asset; name it: asset: NAME, or asset: {asset: NAME, uri: URI}.")]
    [InlineData("watch: {asset: {alias: a}, operator: DoorSensor}", "A watcher updates one asset; name it: asset: NAME, or asset: {asset: NAME, uri: URI}.")]
    [InlineData("watch: {asset: a}", "What is watched has no operator; give it one.")]
    [InlineData("watch: {asset: a, operator: CopyOperator}", "A watcher needs a sensor, and CopyOperator is none.")]
    [InlineData("watch: {asset: a, operator: Nope}", "Task 'watch': There is no operator 'Nope'")]
    [InlineData("watch: {asset: a, operator: DoorSensor, wood: oak}", "Task 'watch': DoorSensor has no argument 'wood'")]
    [InlineData("{schedule: \"@daily\", watch: {asset: a, operator: DoorSensor}}", "schedule does not go with watch: a watcher runs for as long as the Dag is there, and has its own tasks.")]
    [InlineData("{tasks: [{id: x, operator: CopyOperator}], watch: {asset: a, operator: DoorSensor}}", "tasks does not go with watch")]
    public void A_watcher_that_makes_no_sense_is_one_sentence(string text, string expected)
    {
        var problem = Assert.Single(Load(text.StartsWith('{') ? "{dag_id: door, " + text[1..] : "dag_id: door\n" + text).Problems);

        Assert.StartsWith(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inlets_are_read_by_code_and_templates_and_only_when_they_are_declared()
    {
        var services = new Events();
        services.All.AddRange([new() { Id = 1, Asset = "orders", At = Definitions.Noon, Extra = """{"rows":1}""" }, new() { Id = 2, Asset = "orders", At = Definitions.Noon, Extra = """{"rows":2}""" }]);
        var orders = new Asset("orders");
        var task = new TaskSpec { Id = new("t"), Operator = "X", Inlets = [orders] };

        var templates = await RunAsync(new CopyOperator { Query = "{{ inlet_events['orders'][-1].extra.rows }} of {{ inlet_events.orders | length }}" }, task, services);
        var code = await RunAsync(new Doing(async (context, cancel) => (await context.InletEventsAsync(orders, limit: 1, cancel)).Single().Id), task, services);
        var undeclared = await RunAsync(new Doing(async (context, cancel) => await context.InletEventsAsync(new Asset("other"), cancellationToken: cancel)), task, services);

        Assert.Equal(("\"2 of 2\"", "2"), (templates.XComs![0].Value, code.XComs![0].Value));
        Assert.Equal("Task 't' has no inlet 'other'; add it with .Inlets(...), or with inlets in YAML.", undeclared.Error);
        var yaml = Load("dag_id: d\ntasks: [{id: t, operator: CopyOperator, inlets: [orders, {alias: files}]}]");
        Assert.Equal([orders, new AssetAlias("files")], yaml.Dags[0].Spec.Tasks[0].Inlets!);
        var defined = Definitions.Define(dag => dag.Run("t", ctx => { }, task => task.Inlets(orders)));
        Assert.Equal([orders], defined.Spec.Tasks[0].Inlets!);
    }

    private static CheckedDags Load(string text) => YamlDags.Load(text, "x.yaml", Definitions.Catalog);

    private static Task<TaskOutcome> PokeAsync(WatchPart part, string look, Events services) => RunAsync(new Eyes(look), new()
    {
        Id = new("look"), Operator = "X", Inlets = [new Asset("seen")], Outlets = [new Asset("seen")],
        Sensor = new() { Mode = SensorMode.Reschedule, Watch = part, Timeout = TimeSpan.FromDays(1) },
    }, services);

    private static Task<TaskOutcome> RunAsync(Operator op, TaskSpec task, ITaskServices services)
    {
        var run = new RunFacts { Key = 1, Dag = new("watcher"), Id = new("r"), Type = RunType.Manual, Interval = new(Definitions.Noon, Definitions.Noon), Version = "v" };
        var context = new TaskContext(run, new DagSpec { Id = new("watcher"), Tasks = [task] }, task, 1, services, Definitions.Catalog);
        return OperatorExecution.RunAsync(op, context, new VirtualTime(Definitions.Noon), default);
    }

    /// <summary>Sees one thing.</summary>
    private sealed class Eyes(string look) : Sensor
    {
        public override ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken) => ValueTask.FromResult(look switch
        {
            "-" => Poke.NotYet,
            "!" => Poke.Done,
            "X" => throw new TaskFailedException("cannot see"),
            _ when look.Split(':') is [var value, var mark] => new(true, value, mark),
            _ => new(true, look),
        });
    }

    private sealed class Events : ITaskServices
    {
        public List<AssetEvent> All { get; } = [];

        public ValueTask<Connection?> GetConnectionAsync(string id, CancellationToken cancellationToken) => default;

        public ValueTask<string?> GetVariableAsync(string name, CancellationToken cancellationToken) => default;

        public ValueTask<string?> GetXComAsync(string taskId, string key, CancellationToken cancellationToken) => default;

        public ValueTask<IReadOnlyList<AssetEvent>> GetAssetEventsAsync(NamedAsset asset, int limit, string? sourceDag, CancellationToken cancellationToken) =>
            ValueTask.FromResult<IReadOnlyList<AssetEvent>>([.. All.Where(one => asset.Has(one) && (sourceDag is null || one.SourceDag == sourceDag)).TakeLast(limit)]);

        public void WriteLog(Microsoft.Extensions.Logging.LogLevel level, string line)
        {
        }
    }
}
