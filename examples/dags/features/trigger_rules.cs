// Every trigger rule, each as a task of that name: one task before them succeeds, one fails, one is skipped. All of these run, and so the run succeeds.

Dag.Define("trigger_rules", dag =>
{
    dag.Tags("example", "feature");

    var choose = dag.Branch("choose", ctx => "good");
    var good = dag.Run("good", ctx => ctx.Log("good"));
    var skipped = dag.Add("skipped", new EmptyOperator());
    var bad = dag.Add("bad", new ShellOperator { Script = "exit 1" });
    var make = dag.Run("make", ctx => ctx.Log("made")).AsSetup();
    choose.Then([good, skipped]);

    void Rule(string id, TriggerRule rule, params IDagNode[] before) => before.Then(dag.Add(id, new EmptyOperator(), task => task.TriggerRule = rule));

    Rule("all_success", TriggerRule.AllSuccess, good); // the default
    Rule("all_failed", TriggerRule.AllFailed, bad);
    Rule("all_done", TriggerRule.AllDone, good, bad, skipped);
    Rule("all_done_min_one_success", TriggerRule.AllDoneMinOneSuccess, good, bad);
    Rule("all_done_setup_success", TriggerRule.AllDoneSetupSuccess, make, bad); // that of teardowns
    Rule("one_success", TriggerRule.OneSuccess, good, bad);
    Rule("one_failed", TriggerRule.OneFailed, good, bad);
    Rule("one_done", TriggerRule.OneDone, good, skipped);
    Rule("none_failed", TriggerRule.NoneFailed, good, skipped);
    Rule("none_failed_min_one_success", TriggerRule.NoneFailedMinOneSuccess, good, skipped);
    Rule("none_skipped", TriggerRule.NoneSkipped, good, bad);
    Rule("all_skipped", TriggerRule.AllSkipped, skipped);
    Rule("always", TriggerRule.Always, bad);
});
