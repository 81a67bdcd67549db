using System.Globalization;
using System.Text.Json.Nodes;
using Sluice.Authoring.Bundles;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Testing;

/// <summary>Renders a task's templates as its scheduled run for an interval would, without running it.</summary>
public static class TaskRendering
{
    /// <summary>The rendered arguments by their names, secrets masked.</summary>
    /// <param name="definition">The Dag.</param>
    /// <param name="task">One of its tasks.</param>
    /// <param name="providers">Hooks and operators.</param>
    /// <param name="options">Interval, conf, connections and variables. Nothing is written to its output.</param>
    /// <param name="cancellationToken">Cancels looking up.</param>
    /// <exception cref="TemplateFieldException">An argument cannot be rendered.</exception>
    public static async Task<JsonObject> RenderAsync(
        DagDefinition definition, TaskSpec task, ProviderCatalog providers, TestRunOptions options, CancellationToken cancellationToken)
    {
        var dag = definition.Spec;
        var start = options.Interval.Start;
        var run = new RunFacts
        {
            Key = 0,
            Dag = dag.Id,
            Id = new(string.Create(CultureInfo.InvariantCulture, $"scheduled__{start.ToUniversalTime():yyyy-MM-dd'T'HH:mm:sszzz}")),
            Type = RunType.Scheduled,
            Interval = options.Interval,
            Version = DagVersion.Of(dag),
            Conf = options.Conf,
            CreatedAt = options.Time.GetUtcNow(),
        };
        var services = new TestTaskServices(options);
        var context = new TaskContext(run, dag, task, 1, services.For(task.Id), providers) { Templates = definition.Templates };
        var op = definition.CreateOperator(task.Id);
        await TemplateFields.RenderAsync(op, context, cancellationToken);
        var fields = new JsonObject();
        foreach (var argument in OperatorArguments.Of(op.GetType()).Where(x => x.IsTemplate))
        {
            fields[argument.Name] = RenderedFields.Masked(OperatorArguments.ToShownJson(argument, op), services.Mask);
        }

        return fields;
    }
}
