using System.CommandLine;
using System.Text.Json.Nodes;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;
using Sluice.Core.Assets;
using Sluice.Core.Dags;
using Sluice.Core.Dags.Plans;
using Sluice.Core.Schedules;

namespace Sluice.Cli.Dags;

/// <summary><c>sluice dags plan</c>: what a folder of Dag files would change, before it is deployed.</summary>
internal static class DagPlanning
{
    private static readonly Argument<string> Folder = new("folder") { Description = "The Dag folder as it would be." };

    private static readonly Option<string?> Against = new("--against")
    {
        Description = "Compare with this folder instead of asking a deployment.",
        HelpName = "DIR",
    };

    public static Command Create(CommandFactory factory) => factory.MaybeRemote(
        new(
            "plan",
            "Show what a Dag folder would add, remove, rename and change; exit code 1 if it has problems.",
            "sluice dags plan dags/",
            "sluice dags plan dags/ --against ../main/dags --json"),
        RunAsync,
        Folder, Against);

    private static async Task<int> RunAsync(Invocation invocation, Func<ApiClient> connect)
    {
        await using var reader = new DagFileReader();
        var (proposed, problems) = await ReadAsync(reader, invocation.Get(Folder), invocation.Cancel);
        List<DeployedDag> deployed;
        if (invocation.Find(Against) is { } other)
        {
            var (dags, wrong) = await ReadAsync(reader, other, invocation.Cancel);
            deployed = [.. dags.Select(dag => new DeployedDag(dag.Spec, dag.File))];
            foreach (var problem in wrong)
            {
                await invocation.Terminal.Error.WriteLineAsync($"Not compared: {Terminal.Clean(problem.ToString())}");
            }
        }
        else
        {
            using var api = connect();
            var answer = await api.CallAsync(Operations.ListDeployedDags, new Nothing(), invocation.Cancel);
            deployed = [.. ApiClient.Read<IReadOnlyList<DeployedDagAnswer>>(answer).Select(dag => new DeployedDag(DagSpecJson.Deserialize(dag.Spec), dag.File, dag.Paused, dag.ActiveRuns))];
        }

        // A file with problems takes nothing away: what it defined before stays as it was.
        var broken = problems.Select(problem => problem.Location!.File).ToHashSet(StringComparer.Ordinal);
        var defined = proposed.Select(dag => dag.Spec.Id).ToHashSet();
        proposed.AddRange(deployed.Where(dag => broken.Contains(dag.File) && !defined.Contains(dag.Spec.Id)).Select(dag => new ProposedDag(dag.Spec, dag.File)));

        var plan = DagPlanner.Compare(deployed, proposed, invocation.Terminal.Time.GetUtcNow());
        var warnings = AssetCircle.Find(proposed.Select(dag => AssetLinks.Of(dag.Spec))).Select(circle => circle.Warning).ToList();
        if (invocation.Json)
        {
            invocation.Terminal.Line(JsonOf(plan, problems, warnings));
        }
        else
        {
            Print(plan, problems, warnings, invocation.Terminal);
        }

        return problems.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static async Task<(List<ProposedDag> Dags, List<DagProblem> Problems)> ReadAsync(DagFileReader reader, string folder, CancellationToken cancel)
    {
        var files = DagFiles.In(folder);
        var (dags, problems) = (new List<ProposedDag>(), new List<DagProblem>());
        foreach (var name in files.Names)
        {
            var processed = await reader.ReadAsync(files.Folder, name, cancel);
            problems.AddRange(processed.Problems.Select(problem => problem with { Location = new(name, problem.Location?.Line ?? 1) }));
            foreach (var spec in processed.Dags.Select(dag => DagSpecJson.Deserialize(dag.Spec)))
            {
                if (dags.Find(dag => dag.Spec.Id == spec.Id) is { } first)
                {
                    problems.Add(new($"Dag \"{spec.Id}\" is defined in {first.File}, too; give one of them another id.", new(name, spec.Location?.Line ?? 1)));
                }
                else
                {
                    dags.Add(new(spec, name));
                }
            }
        }

        return (dags, problems);
    }

    private static void Print(DagPlan plan, List<DagProblem> problems, List<string> warnings, Terminal terminal)
    {
        foreach (var problem in problems)
        {
            terminal.Line($"! {Terminal.Clean(problem.ToString())}");
        }

        foreach (var warning in warnings)
        {
            terminal.Line($"! Warning: {Terminal.Clean(warning)}");
        }

        foreach (var dag in plan.Dags.Where(dag => dag.Kind != ChangeKind.Unchanged))
        {
            terminal.Line($"{Sign(dag.Kind)} {dag.Id}{(dag.Before is { } old ? $" (was {old})" : "")}  {Terminal.Clean(dag.File)}");
            if (dag.Kind == ChangeKind.Renamed)
            {
                terminal.Line(dag.KeepsHistory
                    ? $"    its history goes with it{(dag.ActiveRuns == 0 ? "" : ", once its runs in flight have ended")}"
                    : $"    it begins anew: to take the history of {dag.Before} along, say renamed_from: {dag.Before}");
            }

            foreach (var field in dag.Fields)
            {
                terminal.Line($"    {Text(field)}");
            }

            foreach (var task in dag.Kind == ChangeKind.Added ? [] : dag.Tasks)
            {
                terminal.Line($"    {Sign(task.Kind)} task {task.Id}{(task.Before is { } before ? $" (was {before})" : "")}");
                if (task is { Kind: ChangeKind.Renamed, Before: { } former })
                {
                    terminal.Line(task.KeepsHistory
                        ? "        its history goes with it"
                        : $"        it begins anew: to take the history of {former} along, say renamed_from: {former} at the task");
                }

                foreach (var field in task.Fields)
                {
                    terminal.Line($"        {Text(field)}");
                }
            }

            if (dag.Kind == ChangeKind.Added)
            {
                terminal.Line($"    {dag.Tasks.Count} {(dag.Tasks.Count == 1 ? "task" : "tasks")}");
            }

            if (!dag.FiringsBefore.SequenceEqual(dag.FiringsAfter))
            {
                terminal.Line($"    next runs (UTC): {Text(dag.FiringsBefore)} -> {Text(dag.FiringsAfter)}");
            }

            if (RunsOf(dag) is { } runs)
            {
                terminal.Line($"    {runs}");
            }
        }

        int Count(ChangeKind kind) => plan.Dags.Count(dag => dag.Kind == kind);
        terminal.Line(
            $"{Count(ChangeKind.Added)} added, {Count(ChangeKind.Removed)} removed, {Count(ChangeKind.Renamed)} renamed, {Count(ChangeKind.Changed)} changed, {Count(ChangeKind.Unchanged)} unchanged; {problems.Count} {(problems.Count == 1 ? "problem" : "problems")}.");
    }

    private static string? RunsOf(DagChange dag) => dag.ActiveRuns == 0 ? null
        : (dag.ActiveRuns == 1 ? "1 run in flight goes" : $"{dag.ActiveRuns} runs in flight go") + $" on with version {dag.VersionBefore![..12]}"
            + (dag.Kind == ChangeKind.Renamed ? $", as {dag.Before}" : "");

    private static string Text(FieldChange field) => Terminal.Clean($"{field.Field}: {Short(field.Before)} -> {Short(field.After)}");

    private static string Text(IReadOnlyList<Firing> firings) =>
        firings.Count == 0 ? "none" : string.Join(", ", firings.Select(firing => Wording.Time(firing.RunAfter)));

    private static string Short(string? json) => json is null ? "(none)" : json.Length > 120 ? json[..119] + "…" : json;

    private static char Sign(ChangeKind kind) => kind switch
    {
        ChangeKind.Added => '+',
        ChangeKind.Removed => '-',
        ChangeKind.Renamed => '>',
        _ => '~',
    };

    private static string JsonOf(DagPlan plan, List<DagProblem> problems, List<string> warnings) => new JsonObject
    {
        ["dags"] = new JsonArray([.. plan.Dags.Select(dag => new JsonObject
        {
            ["dag_id"] = dag.Id.Value,
            ["change"] = Name(dag.Kind),
            ["was"] = dag.Before?.Value,
            ["keeps_history"] = dag.KeepsHistory,
            ["file"] = dag.File,
            ["version_before"] = dag.VersionBefore,
            ["version_after"] = dag.VersionAfter,
            ["active_runs"] = dag.ActiveRuns,
            ["fields"] = JsonOf(dag.Fields),
            ["tasks"] = new JsonArray([.. dag.Tasks.Select(task => new JsonObject
            {
                ["task_id"] = task.Id.Value,
                ["change"] = Name(task.Kind),
                ["was"] = task.Before?.Value,
                ["keeps_history"] = task.KeepsHistory,
                ["fields"] = JsonOf(task.Fields),
            })]),
            ["next_runs_before"] = JsonOf(dag.FiringsBefore),
            ["next_runs_after"] = JsonOf(dag.FiringsAfter),
        })]),
        ["problems"] = new JsonArray([.. problems.Select(problem => new JsonObject
        {
            ["file"] = problem.Location!.File,
            ["line"] = problem.Location.Line,
            ["message"] = problem.Message,
        })]),
        ["warnings"] = new JsonArray([.. warnings.Select(warning => (JsonNode)warning)]),
    }.ToJsonString();

    private static string Name(ChangeKind kind) => kind switch
    {
        ChangeKind.Added => "added",
        ChangeKind.Removed => "removed",
        ChangeKind.Renamed => "renamed",
        ChangeKind.Changed => "changed",
        _ => "unchanged",
    };

    private static JsonArray JsonOf(IReadOnlyList<FieldChange> fields) =>
    [
        .. fields.Select(field => new JsonObject
        {
            ["field"] = field.Field,
            ["before"] = field.Before is null ? null : JsonNode.Parse(field.Before),
            ["after"] = field.After is null ? null : JsonNode.Parse(field.After),
        }),
    ];

    private static JsonArray JsonOf(IReadOnlyList<Firing> firings) => [.. firings.Select(firing => (JsonNode)Wording.Iso(firing.RunAfter))];
}
