// Each day builds on the one before: load waits until it, and what came after it, has succeeded or was skipped in the previous run.

Dag.Define("depends_on_past", dag =>
{
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2021, 2, 5);
    dag.Catchup = CatchupMode.All;
    dag.Tags("example", "feature");

    var load = dag.Run("load", ctx => ctx.Log("adds to yesterday's balance"), task => task.WaitForDownstream = true);
    load.Then(dag.Run("check", ctx => ctx.Log("checks it"), task => task.DependsOnPast = true));
});
