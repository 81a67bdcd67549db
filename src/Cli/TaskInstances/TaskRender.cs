using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Testing;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Dags;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.TaskInstances;

/// <summary><c>sluice tasks render</c>: a task's arguments with their templates rendered, as an attempt had them, or here without running it.</summary>
internal static class TaskRender
{
    private static readonly Argument<string> TaskId = new("task") { Description = "The task's id." };

    private static readonly Option<int?> MapIndex = new("--map-index") { Description = "Of this instance of a mapped task, in a deployment.", HelpName = "N" };
    private static readonly Option<int?> Try = new("--try") { Description = "Of this try, in a deployment. Default: the latest that has ended.", HelpName = "N" };

    private static readonly Argument<string?> When = new("date-or-run")
    {
        Description = "A run, by its id or logical date; for a Dag folder a date in the interval. Default: the latest interval, from a Dag folder.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public static Command Create(CommandFactory factory) => factory.MaybeRemote(
        new(
            "render",
            "Show what a task's templates came to in a run of a deployment; or render them here from a Dag folder: with --dag-folder, without a date, or when no deployment has such a run. Secrets are masked.",
            "sluice tasks render shell_template_example print_time 2021-02-05",
            "sluice tasks render weather_to_warehouse load_day 2012-01-05 --map-index 3",
            "sluice tasks render loads copy 2021-02-05 --dag-folder examples/dags"),
        RunAsync,
        DagTest.DagId, TaskId, When, MapIndex, Try, DagTest.Folder, DagTest.Conf, DagTest.Connections, DagTest.VariableValues);

    private static async Task<int> RunAsync(Invocation invocation, Func<ApiClient> connect)
    {
        var when = invocation.Find(When);
        var kept = invocation.Find(MapIndex) is not null || invocation.Find(Try) is not null;
        var here = new Option<string?>[] { DagTest.Folder, DagTest.Conf, DagTest.Connections, DagTest.VariableValues }.FirstOrDefault(option => invocation.Find(option) is not null);
        if (kept && here is not null)
        {
            throw new UsageException($"{here.Name} renders from a Dag folder, --map-index and --try are of a run in a deployment; leave one of them out.");
        }

        if (kept && when is null)
        {
            throw new UsageException("--map-index and --try are of a run; name it by its id or logical date.");
        }

        if (when is null || here is not null)
        {
            return await RenderAsync(invocation, when is null ? null : Date.Parse(when));
        }

        var date = DateOf(when);
        try
        {
            using var api = connect();
            return await ShowAsync(invocation, api, when);
        }
        catch (Exception e) when (date is not null && !kept && e is FailureException or DeploymentException { Failure: CallFailure.Unreachable } or DeploymentException { Status: System.Net.HttpStatusCode.NotFound })
        {
            // There is no such run (yet): what it would be.
            return await RenderAsync(invocation, date);
        }
    }

    private static Date? DateOf(string text)
    {
        try
        {
            return Date.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static async Task<int> ShowAsync(Invocation invocation, ApiClient api, string run)
    {
        var task = invocation.Get(TaskId) + (invocation.Find(MapIndex) is { } index ? string.Create(CultureInfo.InvariantCulture, $"[{index}]") : "");
        var answer = await api.CallAsync(Operations.RenderedTask, new RenderedRequest(invocation.Get(DagTest.DagId), task, run, invocation.Find(Try)), invocation.Cancel);
        return invocation.Show<RenderedAnswer>(answer, rendered =>
        {
            new Facts()
                .Add("Run", rendered.RunId)
                .Add("Task", rendered.TaskId)
                .Add("Try", rendered.TryNumber.ToString(CultureInfo.InvariantCulture))
                .Add("State", Wording.State(rendered.State))
                .Add("Error", rendered.Error)
                .WriteTo(invocation.Terminal);
            invocation.Terminal.Line();
            var fields = JsonObject.Create(rendered.Fields)!;
            if (fields.Count == 0)
            {
                invocation.Terminal.Line(rendered.Error is null ? "It has no templates." : "Nothing was rendered.");
            }

            Print(fields, invocation.Terminal);
        });
    }

    private static async Task<int> RenderAsync(Invocation invocation, Date? date)
    {
        var (definition, providers, options) = await DagTest.PrepareAsync(invocation, date);
        var name = invocation.Get(TaskId);
        var task = definition.Spec.Tasks.FirstOrDefault(x => x.Id.Value == name) ?? throw new FailureException(
            $"Dag '{definition.Spec.Id}' has no task '{name}'; it has {string.Join(", ", definition.Spec.Tasks.Select(x => x.Id.Value).Take(20))}{(definition.Spec.Tasks.Count > 20 ? ", ..." : "")}.");
        JsonObject fields;
        try
        {
            fields = await TaskRendering.RenderAsync(definition, task, providers, options, invocation.Cancel);
        }
        catch (TemplateFieldException e)
        {
            throw new FailureException(e.Message);
        }

        if (invocation.Json)
        {
            invocation.Terminal.Line(new JsonObject
            {
                ["dag_id"] = definition.Spec.Id.Value,
                ["task_id"] = name,
                ["data_interval_start"] = Wording.Iso(options.Interval.Start),
                ["data_interval_end"] = Wording.Iso(options.Interval.End),
                ["fields"] = fields,
            }.ToJsonString());
            return ExitCodes.Ok;
        }

        Print(fields, invocation.Terminal);
        return ExitCodes.Ok;
    }

    private static void Print(JsonObject fields, Terminal terminal)
    {
        foreach (var (field, value) in fields)
        {
            terminal.Line($"# {field}");
            terminal.Line(Terminal.Clean(value is JsonValue text && text.TryGetValue<string>(out var plain) ? plain : value?.ToJsonString() ?? "null"));
            terminal.Line();
        }
    }
}
