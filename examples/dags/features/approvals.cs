// Tasks that wait for a person, without a slot, for as long as it takes.
//   sluice tasks waiting
//   sluice tasks approve approvals confirm 2021-02-05 --note 'looks fine'
//   sluice tasks answer approvals limits 2021-02-05 --option OK --param rows=500
//   sluice dags test approvals --answer confirm=Reject      a test run asks nobody

Dag.Define("approvals", dag =>
{
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2021, 2, 5);
    dag.Tags("example", "feature");

    var count = dag.Run("count", ctx => 12);

    // A no skips what is directly after it. After a day without an answer it is taken as a no.
    var confirm = dag.Add("confirm", new ApprovalOperator
    {
        Subject = "Publish the report of {{ ds }}?",
        Body = "It has {{ ti.xcom_pull('count') }} rows.",
        AssignedUsers = ["ann", "bob"],
        Timeout = TimeSpan.FromDays(1),
        Defaults = ["Reject"],
    });

    // A form: values to fill in, held to a schema.
    var limits = dag.Add("limits", new HitlOperator
    {
        Subject = "With which limits?",
        Params = { ["rows"] = 100 },
        ParamsSchema = { ["rows"] = new Dictionary<string, object> { ["type"] = "integer", ["minimum"] = 1 } },
    });

    var publish = dag.Add("publish", new ShellOperator
    {
        Script = "echo \"publishes $ROWS rows\"",
        Env = { ["ROWS"] = "{{ ti.xcom_pull('limits')['params_input']['rows'] }}" },
    });

    count.Then(confirm).Then(limits).Then(publish);
    publish.Then(dag.Add("tidy_up", new EmptyOperator(), task => task.TriggerRule = TriggerRule.AllDone));
});
