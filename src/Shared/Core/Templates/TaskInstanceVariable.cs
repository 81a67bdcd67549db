using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Templates.Library;
using Sluice.Core.Templates.Python;

namespace Sluice.Core.Templates;

/// <summary>The variable <c>ti</c>.</summary>
internal static class TaskInstanceVariable
{
    public static ObjectValue For(
        RunFacts run, TaskSpec task, int tryNumber, int mapIndex, TemplateValue taskObject, TemplateValue runObject, ITemplateLookups lookups) => new(
        $"<TaskInstance: {run.Dag}.{task.Id} {run.Id}>",
        new Dictionary<string, TemplateValue>
        {
            ["task_id"] = TemplateValue.From(task.Id.Value),
            ["dag_id"] = TemplateValue.From(run.Dag.Value),
            ["run_id"] = TemplateValue.From(run.Id.Value),
            ["try_number"] = TemplateValue.From((long)tryNumber),
            ["max_tries"] = TemplateValue.From((long)task.Retries),
            ["map_index"] = TemplateValue.From((long)mapIndex),
            ["pool"] = TemplateValue.From(task.Pool),
            ["queue"] = TemplateValue.From(task.Queue),
            ["operator"] = TemplateValue.From(task.Operator),
            ["task"] = taskObject,
            ["dag_run"] = runObject,
            ["xcom_pull"] = XComPull(task.Id.Value, lookups),
        });

    /// <summary>The function <c>xcom_pull</c> of a task.</summary>
    /// <param name="own">Its id, whose XComs are meant when no task is named.</param>
    /// <param name="lookups">XComs fetched so far.</param>
    public static FunctionValue XComPull(string own, ITemplateLookups lookups) => new("xcom_pull", arguments => Pull(arguments, own, lookups));

    // One task id gives its value or the default; several give a list. Without one it is the task's own, as in Airflow 3.
    private static TemplateValue Pull(TemplateArguments arguments, string own, ITemplateLookups lookups)
    {
        var bound = arguments.Bind(0, "task_ids", "key", "default");
        var key = Arguments.TextOrNull(bound[1], "key") ?? "return_value";
        return bound[0] switch
        {
            null or NoneValue => One(own),
            ListValue list => new ListValue([.. PythonSequences.Iterate(list, arguments.Budget).Select(x => One(Arguments.Text(x, "task_ids")))]),
            var id => One(Arguments.Text(id, "task_ids")),
        };

        TemplateValue One(string id) => OutsideVariables.Fetch(lookups, new(TemplateLookupKind.XCom, id, key)) ?? bound[2] ?? TemplateValue.None;
    }
}
