// A cluster is made, used and taken away, whatever becomes of the work. How the teardown ends does not count for the run.

Dag.Define("setup_teardown", dag =>
{
    dag.Tags("example", "feature");

    var create = dag.Run("create_cluster", ctx => "cluster-1");
    var load = dag.Run("load", ctx => ctx.Log("loads"));

    // Runs whatever became of load, but only with a cluster: it is in the scope of create_cluster without being directly after it.
    var report = dag.Run("report", ctx => ctx.Log("reports"), task => task.TriggerRule = TriggerRule.AllDone);
    var delete = dag.Run("delete_cluster", async ctx => ctx.Log($"deletes {await ctx.PullAsync<string>("create_cluster")}"))
        .AsTeardown(create);

    create.Then(load).Then(report).Then(delete);
});
