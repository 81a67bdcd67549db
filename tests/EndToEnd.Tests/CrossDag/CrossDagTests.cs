using Sluice.Cluster.Api;
using Sluice.EndToEnd.Tests.Nodes;

namespace Sluice.EndToEnd.Tests.CrossDag;

/// <summary>Dags that wait for each other, and for a person, with real processes.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class CrossDagTests(SharedCluster shared)
{
    [Fact]
    public async Task One_dag_triggers_another_and_waits_a_third_waits_for_its_task_and_a_person_lets_them_go_on()
    {
        await shared.Cluster.AddDagAsync(
            "cross_b",
            """
            Dag.Define("cross_b", dag =>
            {
                // A macro of its own: the question comes of a runner process.
                dag.Macro("upper_case", (string text) => text.ToUpperInvariant());
                dag.Add("confirm", new ApprovalOperator { Subject = "Load {{ upper_case(params.table) }}?" })
                    .Then(dag.Run("load", ctx => ctx.Log("loads after " + ctx.Run.TriggeredBy)))
                    .Then(dag.Add("end", new EmptyOperator()));
            });
            """);
        await shared.Cluster.AddDagAsync(
            "cross_a",
            """
            Dag.Define("cross_a", dag => dag.Add("ask_b", new TriggerDagRunOperator
            {
                TriggerDagId = "cross_b", Conf = { ["table"] = "orders of {{ run_id }}" }, WaitForCompletion = true, PokeInterval = TimeSpan.FromMilliseconds(500),
            }).Then(dag.Add("end", new EmptyOperator())));
            """);
        await shared.Cluster.AddDagAsync(
            "cross_c",
            """
            Dag.Define("cross_c", dag =>
            {
                // By code, so in a runner process; and by the worker itself.
                var byCode = dag.Add("by_code", new ExternalDatesSensor(ctx => ctx.LogicalDate.AddMinutes(30))
                {
                    ExternalDagId = "cross_b", ExternalTaskId = "load", LatestWithin = TimeSpan.FromHours(1), Mode = SensorMode.Reschedule, PokeInterval = TimeSpan.FromMilliseconds(500),
                });
                dag.Add("by_worker", new ExternalTaskSensor
                {
                    ExternalDagId = "cross_b", ExecutionDelta = TimeSpan.FromMinutes(-30), LatestWithin = TimeSpan.FromHours(1), Mode = SensorMode.Reschedule, PokeInterval = TimeSpan.FromMilliseconds(500),
                }).After(byCode);
                dag.Add("unknown", new ExternalTaskSensor { ExternalDagId = "cross_b", ExternalTaskId = "lode", CheckExistence = true });
            });
            """);

        await shared.Api.TriggerAsync("cross_c");
        await shared.Api.TriggerAsync("cross_a");
        var question = await Until.ValueAsync(
            async () => (await QuestionsAsync()).FirstOrDefault(asked => asked.DagId == "cross_b"), "the triggered run asks", () => Task.FromResult(shared.Cluster.Logs));
        Assert.Equal(("Load ORDERS OF RUN?", "confirm"), (question.Subject, question.TaskId));
        Assert.StartsWith("manual__cross_a/run/ask_b@", question.RunId, StringComparison.Ordinal);
        Assert.Equal("running", (await shared.Api.ShowAsync("cross_a")).Run.State);
        Assert.Equal("running", (await shared.Api.ShowAsync("cross_c")).Run.State);
        Assert.Equal("awaiting_input", (await shared.Api.TaskAsync("cross_b", "confirm", question.RunId)).State);

        // Nobody answers twice, nor what was not asked.
        var (refused, error) = await ToolAsync("tasks", "answer", "cross_b", "confirm", question.RunId, "--option", "Perhaps");
        Assert.True((refused, error.Contains("'Perhaps' is no option; choose from: Approve, Reject.", StringComparison.Ordinal)) == (1, true), error);
        var (code, complaint) = await ToolAsync("tasks", "approve", "cross_b", "confirm", question.RunId, "--by", "ann", "--note", "looks fine");
        Assert.True(code == 0, complaint);
        (code, error) = await ToolAsync("tasks", "reject", "cross_b", "confirm", question.RunId);
        Assert.True((code, error.Contains("was answered by ann at ", StringComparison.Ordinal)) == (1, true), error);

        var triggered = await shared.Api.SucceededAsync("cross_b", question.RunId);
        Assert.Equal("task cross_a/run/ask_b", triggered.Run.TriggeredBy);
        await shared.Api.SucceededAsync("cross_a");
        var waited = await shared.Api.EndedAsync("cross_c");
        Assert.Equal(("success", "success", "failed"), (StateOf(waited, "by_code"), StateOf(waited, "by_worker"), StateOf(waited, "unknown")));
        Assert.Equal("Dag 'cross_b' has no task 'lode'.", waited.Tasks.Single(task => task.TaskId == "unknown").Error);
        Assert.Equal("looks fine", (await shared.Api.TaskStateAsync("cross_b", "confirm", question.RunId)).Question!.Note);
    }

    private static string StateOf(RunDetails run, string task) => run.Tasks.Single(attempt => attempt.TaskId == task).State;

    private Task<IReadOnlyList<QuestionSummary>> QuestionsAsync() =>
        shared.Api.CallAsync<QuestionFilter, IReadOnlyList<QuestionSummary>>(Operations.ListQuestions, new());

    private Task<(int Code, string Error)> ToolAsync(params string[] args) => NodeProcess.RunAsync(
        "sluice",
        [.. args, "--api", $"http://{shared.Cluster.SeedAddress}"],
        new Dictionary<string, string> { ["SLUICE_CLUSTER_SECRET"] = TestCluster.Secret });
}
