using System.CommandLine;
using System.Text.Json.Nodes;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Core.Assets;
using Sluice.Core.Dags;

namespace Sluice.Cli.Dags;

/// <summary><c>sluice dags check</c>: compiles and checks Dag files without a deployment.</summary>
internal static class DagCheck
{
    private static readonly Argument<string> FileOrFolder = new("path") { Description = "A Dag file, or a folder of them." };

    public static Command Create(CommandFactory factory) => factory.Local(
        new(
            "check",
            "Compile and check Dag files; every problem with its file and line.",
            "sluice dags check dags/",
            "sluice dags check dags/weather_to_warehouse.cs"),
        RunAsync,
        FileOrFolder);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var files = DagFiles.In(invocation.Get(FileOrFolder));
        if (files.Names.Count == 0)
        {
            throw new FailureException($"There is no Dag file (*.cs, *.yaml, *.yml) in '{files.Folder}'.");
        }

        var dags = new List<(DagSpec Dag, string File)>();
        var problems = new List<DagProblem>();
        await using var reader = new DagFileReader(files);
        foreach (var name in files.Names)
        {
            var processed = await reader.ReadAsync(files.Folder, name, invocation.Cancel);
            var found = processed.Problems.Select(problem => Placed(problem, name, files)).ToList();
            foreach (var dag in processed.Dags.Select(dag => DagSpecJson.Deserialize(dag.Spec)))
            {
                if (dags.FirstOrDefault(other => other.Dag.Id == dag.Id) is { Dag: not null } first)
                {
                    found.Add(Placed(new($"Dag \"{dag.Id}\" is defined in {files.Shown(first.File)}, too; give one of them another id.", dag.Location), name, files));
                }

                dags.Add((dag, name));
            }

            problems.AddRange(found);
            if (!invocation.Json)
            {
                found.ForEach(problem => invocation.Terminal.Line(Terminal.Clean(problem.ToString())));
            }
        }

        var warnings = AssetCircle.Find(dags.Select(dag => AssetLinks.Of(dag.Dag))).Select(circle => circle.Warning).ToList();
        if (!invocation.Json)
        {
            warnings.ForEach(warning => invocation.Terminal.Line($"Warning: {Terminal.Clean(warning)}"));
        }

        invocation.Terminal.Line(invocation.Json ? JsonOf(dags, problems, warnings, files) : Summary(dags.Count, files.Names.Count, problems.Count));
        return problems.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static DagProblem Placed(DagProblem problem, string name, DagFiles files) => problem with
    {
        Location = new(files.Shown(problem.Location?.File ?? name), problem.Location?.Line ?? 1),
    };

    private static string Summary(int dags, int files, int problems) =>
        $"{Many(dags, "Dag")} in {Many(files, "file")}: {(problems == 0 ? "no problems." : Many(problems, "problem") + ".")}";

    private static string Many(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    private static string JsonOf(List<(DagSpec Dag, string File)> dags, List<DagProblem> problems, List<string> warnings, DagFiles files) => new JsonObject
    {
        ["dags"] = new JsonArray([.. dags.Select(dag => new JsonObject
        {
            ["dag_id"] = dag.Dag.Id.Value,
            ["file"] = files.Shown(dag.File),
            ["tasks"] = dag.Dag.Tasks.Count,
        })]),
        ["problems"] = new JsonArray([.. problems.Select(problem => new JsonObject
        {
            ["file"] = problem.Location!.File,
            ["line"] = problem.Location.Line,
            ["message"] = problem.Message,
        })]),
        ["warnings"] = new JsonArray([.. warnings.Select(warning => (JsonNode)warning)]),
    }.ToJsonString();
}
