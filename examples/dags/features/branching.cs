// Tasks that decide what runs after them: a branch, a short circuit and latest-only.

Dag.Define("branching", dag =>
{
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2021, 2, 5);
    dag.Tags("example", "feature");
    dag.Params["size"] = 7;

    // Returns the id of a task or group, several ids, or nothing. What is directly after it and not chosen is skipped.
    var choose = dag.Branch("choose", ctx => ctx.Params.GetProperty("size").GetInt32() > 5 ? "large" : "small");

    var small = dag.Run("small", ctx => ctx.Log("a small load"));
    var large = dag.Group("large", group =>
        group.Run("split", ctx => ctx.Log("a large load is split")).Then(group.Run("load", ctx => ctx.Log("and loaded"))));

    // Where paths meet, one of them was skipped.
    var join = dag.Add("join", new EmptyOperator(), task => task.TriggerRule = TriggerRule.NoneFailedMinOneSuccess);
    choose.Then([small, large]).Then(join);

    // Skips all that comes after it, in runs of a backfill, say.
    var isLive = dag.ShortCircuit("is_live", ctx => ctx.Run.Backfill is null);
    join.Then(isLive).Then(dag.LatestOnly("only_the_latest")).Then(dag.Run("tell_people", ctx => ctx.Log("done")));
});
