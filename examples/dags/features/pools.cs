// Who may use the production database at once, and who goes first. Make the pool once: sluice pools set production_db 4

Dag.Define("pools", dag =>
{
    dag.Tags("example", "feature");
    dag.Defaults.Pool = "production_db";
    dag.MaxActiveTasksPerRun = 3;

    // By default a task weighs as much as all that waits for it: the long way round goes first.
    var long1 = dag.Run("long_1", ctx => ctx.Log("weighs 3"));
    var long2 = dag.Run("long_2", ctx => ctx.Log("weighs 2"));
    long1.Then(long2).Then(dag.Add("end", new EmptyOperator()));

    dag.Run("whole_table", ctx => ctx.Log("takes two of the four"), task => task.PoolSlots = 2);
    dag.Run("report", ctx => ctx.Log("goes before all of priority 1, of whatever Dag"), task => task.Priority = 10);
    dag.Run("one_at_a_time", ctx => ctx.Log("one over all runs"), task => task.MaxActive = 1);
    dag.Run("last", ctx => ctx.Log("its own priority alone"), task =>
    {
        task.Priority = -1;
        task.WeightRule = WeightRule.Absolute;
    });
});
