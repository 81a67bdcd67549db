using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Authoring.Bundles;
using Sluice.Authoring.Connections;
using Sluice.Core.Connections;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Testing;
using Sluice.Authoring.Yaml;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Cli.Secrets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Params;
using Sluice.Core.TaskInstances;

namespace Sluice.Cli.Dags;

/// <summary><c>sluice dags test</c>: one run of a Dag in this process, without a deployment.</summary>
internal static class DagTest
{
    internal static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };

    internal static readonly Argument<string?> Day = new("date")
    {
        Description = "A date in the interval to run for. Default: the latest interval.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    internal static readonly Option<string?> Folder = new("--dag-folder")
    {
        Description = "Folder, or one file. Else SLUICE_DAG_FOLDER, else ./dags, else here.",
        HelpName = "DIR",
    };

    internal static readonly Option<string?> Conf = new("--conf") { Description = "JSON object that overrides the Dag's params.", HelpName = "JSON" };

    internal static readonly Option<string?> Connections = new("--connections")
    {
        Description = "JSON file, {\"id\": \"uri\"}. Else from the environment: SLUICE_CONN_ID.",
        HelpName = "FILE",
    };

    internal static readonly Option<string?> VariableValues = new("--variables")
    {
        Description = "JSON file, {\"name\": \"value\"}. Else from the environment: SLUICE_VAR_NAME.",
        HelpName = "FILE",
    };

    private static readonly Option<string[]> Answers = new("--answer")
    {
        Description = "Option that a task which asks a person gets. Again for more.",
        HelpName = "TASK=OPTION",
    };

    public static Command Create(CommandFactory factory) => factory.Local(
        new(
            "test",
            "Run a Dag once in this process, without scheduler; nothing is recorded.",
            "sluice dags test shell_template_example 2021-02-05 --dag-folder examples/dags",
            "SLUICE_CONN_WAREHOUSE=sqlite:///tmp/w.db sluice dags test load",
            "sluice dags test publish --answer confirm=Reject"),
        RunAsync,
        DagId, Day, Folder, Conf, Connections, VariableValues, Answers);

    /// <summary>The Dag that was asked for, and what a run of it needs from outside.</summary>
    internal static async Task<(DagDefinition Definition, ProviderCatalog Providers, TestRunOptions Options)> PrepareAsync(Invocation invocation, Date? day)
    {
        var connections = invocation.Find(Connections) is { } connectionsFile ? SecretFile.Read(connectionsFile, "connections") : [];
        var variables = invocation.Find(VariableValues) is { } variablesFile ? SecretFile.Read(variablesFile, "variables") : [];
        var conf = CheckedConf(invocation.Find(Conf));
        var providers = ProviderDiscovery.Load();
        var definition = await FindAsync(invocation, variables, providers);
        if (ParamRules.Refuse(definition.Spec, conf) is { } broken)
        {
            throw new UsageException(broken);
        }

        var options = new TestRunOptions
        {
            Interval = TestInterval.Of(definition.Spec, day, invocation.Terminal.Time.GetUtcNow()),
            Conf = conf,
            FindConnection = (id, _) => ValueTask.FromResult(
                connections.TryGetValue(id, out var uri) ? ConnectionUri.Parse(id, uri) : EnvironmentSecrets.FindConnection(id)),
            FindVariable = (name, _) => ValueTask.FromResult(variables.GetValueOrDefault(name) ?? EnvironmentSecrets.FindVariable(name)),
            Output = invocation.Json ? invocation.Terminal.Error : invocation.Terminal.Out,
        };
        return (definition, providers, options);
    }

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var (definition, providers, options) = await PrepareAsync(invocation, invocation.Find(Day) is { } date ? Date.Parse(date) : null);
        options = options with { Answers = ReadAnswers(invocation.Find(Answers) ?? [], definition.Spec) };
        var result = await new DagTestRun(definition, providers, options).RunAsync(invocation.Cancel);
        if (invocation.Json)
        {
            invocation.Terminal.Line(JsonOf(definition.Spec, options, result));
        }

        return result.State == RunState.Success ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static Dictionary<string, IReadOnlyList<string>> ReadAnswers(string[] given, DagSpec dag)
    {
        var answers = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var text in given)
        {
            var at = text.IndexOf('=', StringComparison.Ordinal);
            if (at < 1)
            {
                throw new UsageException($"--answer is '{text}'; write it as TASK=OPTION.");
            }

            var task = text[..at];
            if (!dag.Tasks.Any(known => known.Id.Value == task || DagRunState.MapIndexIn(task, known.Id.Value) >= 0))
            {
                throw new UsageException($"--answer names task '{task}', which Dag '{dag.Id}' does not have.");
            }

            answers[task] = [.. answers.GetValueOrDefault(task) ?? [], text[(at + 1)..]];
        }

        return answers;
    }

    private static async Task<DagDefinition> FindAsync(Invocation invocation, Dictionary<string, string> variables, ProviderCatalog providers)
    {
        var id = invocation.Get(DagId);
        var place = invocation.Find(Folder) ?? invocation.Terminal.Environment("SLUICE_DAG_FOLDER") ?? (Directory.Exists("dags") ? "dags" : ".");
        var files = DagFiles.In(place);
        await using var reader = new DagFileReader(files);
        foreach (var (name, value) in variables)
        {
            reader.Variables[name] = value;
        }

        // The file that names the Dag is very likely the one that defines it.
        var problems = new List<DagProblem>();
        foreach (var name in files.Names.OrderByDescending(name => Mentions(Path.Combine(files.Folder, name), id)))
        {
            var processed = await reader.ReadAsync(files.Folder, name, invocation.Cancel);
            if (processed.Dags.Select(dag => DagSpecJson.Deserialize(dag.Spec)).LastOrDefault(dag => dag.Id.Value == id) is { } spec)
            {
                var definitions = processed.Bundle is { } bundle
                    ? BundleAssembly.Load(bundle, reader.Variables, providers)
                    : YamlDags.Load(await File.ReadAllTextAsync(Path.Combine(files.Folder, name), invocation.Cancel), name, providers).Dags;
                // The data holds the template files, too, which only the processor reads.
                return definitions.Last(dag => dag.Spec.Id.Value == id) with { Spec = spec };
            }

            problems.AddRange(processed.Problems);
        }

        foreach (var problem in problems)
        {
            await invocation.Terminal.Error.WriteLineAsync(Terminal.Clean(problem.ToString()));
        }

        throw new FailureException($"There is no Dag '{id}' in '{place}' ({files.Names.Count} files{(problems.Count > 0 ? ", some with problems, see above" : "")}); name its folder or file by --dag-folder.");
    }

    private static bool Mentions(string path, string id) => File.ReadAllText(path).Contains(id, StringComparison.Ordinal);

    private static string CheckedConf(string? conf)
    {
        try
        {
            return conf is null || JsonNode.Parse(conf) is JsonObject ? conf ?? "{}" : throw new UsageException("--conf must be a JSON object, like '{\"table\": \"nps\"}'.");
        }
        catch (JsonException e)
        {
            throw new UsageException($"--conf is not JSON: {e.Message}");
        }
    }

    private static string JsonOf(DagSpec dag, TestRunOptions options, DagTestResult result) => new JsonObject
    {
        ["dag_id"] = dag.Id.Value,
        ["state"] = result.State == RunState.Success ? "success" : "failed",
        ["data_interval_start"] = Wording.Iso(options.Interval.Start),
        ["data_interval_end"] = Wording.Iso(options.Interval.End),
        ["tasks"] = new JsonObject(result.Tasks.Select(task => KeyValuePair.Create(task.Key.Value, (JsonNode?)task.Value.Name()))),
    }.ToJsonString();
}
