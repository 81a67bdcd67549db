using System.CommandLine;
using System.Text.Json.Nodes;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Testing;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Dags;
using Sluice.Cli.Output;

namespace Sluice.Cli.TaskInstances;

/// <summary><c>sluice tasks render</c>: a task's arguments with their templates rendered, without running it.</summary>
internal static class TaskRender
{
    private static readonly Argument<string> TaskId = new("task") { Description = "The task's id." };

    public static Command Create(CommandFactory factory) => factory.Local(
        new(
            "render",
            "Show a task's templates rendered for a date, in this process, without a deployment. Secrets are masked.",
            "sluice tasks render shell_template_example print_time 2021-02-05"),
        RenderAsync,
        DagTest.DagId, TaskId, DagTest.Day, DagTest.Folder, DagTest.Conf, DagTest.Connections, DagTest.VariableValues);

    private static async Task<int> RenderAsync(Invocation invocation)
    {
        var (definition, providers, options) = await DagTest.PrepareAsync(invocation);
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

        foreach (var (field, value) in fields)
        {
            invocation.Terminal.Line($"# {field}");
            invocation.Terminal.Line(Terminal.Clean(value is JsonValue text && text.TryGetValue<string>(out var plain) ? plain : value?.ToJsonString() ?? "null"));
            invocation.Terminal.Line();
        }

        return ExitCodes.Ok;
    }
}
