using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.TaskInstances;

/// <summary><c>sluice tasks why</c>: why a task is not running, or ended as it did.</summary>
internal static class TaskWhyCommand
{
    private static readonly Argument<string> DagId = new("dag") { Description = "The Dag's id." };
    private static readonly Argument<string> TaskId = new("task") { Description = "The task's id, or an instance such as load[3]." };
    private static readonly Argument<string> Run = new("run") { Description = "Run id, or logical date." };

    public static Command Create(CommandFactory factory) => factory.Remote(
        new(
            "why",
            "Say why a task is not running, or ended as it did.",
            "sluice tasks why weather_to_warehouse load_day 2012-01-05"),
        WhyAsync,
        DagId, TaskId, Run);

    private static async Task<int> WhyAsync(Invocation invocation, ApiClient api) => invocation.Show<TaskWhyAnswer>(
        await api.CallAsync(Operations.WhyTask, new TaskName(invocation.Get(DagId), invocation.Get(TaskId), invocation.Get(Run)), invocation.Cancel),
        answer =>
        {
            var facts = new Facts()
                .Add("Run", $"{answer.RunId} ({answer.RunState})")
                .Add("Task", answer.TaskId)
                .Add("State", Wording.State(answer.State))
                .Add("Tries", answer.TryNumber == 0 ? null : $"{answer.TryNumber} of at most {answer.MaxTries}")
                .Add("Why", answer.Reasons is [var first, ..] ? first.Text : "nothing is known of it");
            foreach (var reason in answer.Reasons.Skip(1))
            {
                facts.Add("also", reason.Text);
            }

            facts.WriteTo(invocation.Terminal);
        });
}
