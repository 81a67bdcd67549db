using Sluice.Cluster.Wire;
using Sluice.Core.CrossDag;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.CrossDag;

/// <summary>How far other Dags are, as tasks ask it.</summary>
public sealed class OtherDagTests
{
    private static readonly DagSpec Asking = Manual("asking");

    private static readonly DagSpec Other = Daily("other") with
    {
        Tasks = [Task("load"), Task("checks.rows", 0), Task("checks.sums", 0), Task("publish", 1, 2) with { Map = new() { Sources = [new() { Argument = "x", Values = "[1,2]" }] } }],
    };

    private readonly SimulatedScheduler _cluster = new();

    [Fact]
    public void The_answer_names_the_run_of_a_date_and_the_states_of_what_was_asked_for()
    {
        _cluster.Define(Asking);
        _cluster.Define(Other);
        _cluster.RunFor(TimeSpan.FromDays(1));
        var worker = _cluster.AddWorker(slots: 8);
        var run = _cluster.Runs().Single(run => run.Facts.Dag == Other.Id);
        var asking = _cluster.Trigger(Asking, "asks").Facts!.Key;
        var attempt = worker.Held.Single(id => id.Run == asking);
        worker.End(worker.Held.Single(id => id.Run == run.Facts.Key));
        worker.End(worker.Held.First(id => id.Run == run.Facts.Key));
        const string Id = "scheduled__2021-02-05T00:00:00+00:00";

        (DagQuestion Question, string? Missing, string Found)[] rows =
        [
            (Of(), null, $"{Id}//running"),
            (Of() with { Tasks = ["load", "checks.sums"] }, null, $"{Id}/load/success {Id}/checks.sums/running"),
            (Of() with { Group = "checks" }, null, $"{Id}/checks.rows/success {Id}/checks.sums/running"),
            (Of() with { Tasks = ["publish"] }, null, $"{Id}/publish/none"),
            (Of() with { Dates = [Start, Start.AddDays(1)] }, null, $"{Id}//running //none"),
            (Of() with { Dates = [Start.AddHours(20)] }, null, "//none"),
            (Of() with { Dates = [Start.AddHours(20)], Window = TimeSpan.FromDays(1) }, null, $"{Id}//running"),
            (Of() with { Dates = [Start.AddHours(20)], Window = TimeSpan.FromHours(20) }, null, "//none"),
            (Of() with { Tasks = ["load", "lode"] }, "Dag 'other' has no task 'lode'.", $"{Id}/load/success {Id}/lode/none"),
            (Of() with { Group = "check" }, "Dag 'other' has no group 'check'.", $"{Id}/check/none"),
            (Of() with { Dag = "nosuch" }, "There is no Dag 'nosuch'.", "//none"),
        ];
        foreach (var (question, missing, found) in rows)
        {
            var answer = Look(attempt, question);
            Assert.Equal((missing, found), (answer.Missing, string.Join(' ', answer.Found.Select(one => $"{one.RunId}/{one.Task}/{one.State.Name()}"))));
        }

        // Of a mapped task the worst instance counts, while it runs and after its end.
        worker.End(worker.Held.First(id => id.Run == run.Facts.Key));
        Assert.Equal("running", Publish(attempt));
        worker.End(worker.Held.First(id => id.Run == run.Facts.Key));
        Assert.Equal("running", Publish(attempt));
        worker.End(worker.Held.First(id => id.Run == run.Facts.Key), OutcomeKind.FailedFinally);
        Assert.Equal("failed", Publish(attempt));
        Assert.Equal("failed", Look(attempt, Of()).Found.Single().State.Name());
        _cluster.TakeOver();
        worker.Join();
        Assert.Equal("failed", Publish(attempt));
        Assert.Equal(409, _cluster.Request(Methods.LookAtDag, WireJson.Write(new LookForAttempt(attempt with { Token = 99 }, Of()))).Code);
    }

    private static DagQuestion Of() => new() { Dag = "other", Dates = [Start] };

    private string Publish(AttemptId attempt) => Look(attempt, Of() with { Tasks = ["publish"] }).Found.Single().State.Name();

    private DagAnswer Look(AttemptId attempt, DagQuestion question)
    {
        var response = _cluster.Request(Methods.LookAtDag, WireJson.Write(new LookForAttempt(attempt, question)));
        Assert.True(response.Code == 200, response.Error);
        return WireJson.Read<DagAnswer>(response.Body!);
    }
}
