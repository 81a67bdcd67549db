// Templates: a script in a file, with an include and an import; a macro and a filter of this Dag's own; values by the environment.

Dag.Define("templates", dag =>
{
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2021, 2, 5);
    dag.Tags("example", "feature");
    dag.Params["tables"] = new[] { "orders", "visits" };

    // They run where this file runs: tasks that use them go to a runner, all others stay in the worker.
    dag.Macro("fiscal_year", (DateTimeOffset day) => day.Month >= 4 ? day.Year : day.Year - 1);
    dag.Filter("quoted", (string name) => $"\"{name.Replace("\"", "\"\"")}\"");

    var query = dag.Add("query", new ShellOperator { Script = "sql/report.sh" });

    var own = dag.Add("own", new ShellOperator
    {
        Script = "echo \"FY{{ fiscal_year(data_interval_start) }}: $TABLES\"",
        Env = new() { ["TABLES"] = "{{ params.tables | map('quoted') | join(', ') }}" },
    });

    var neighbours = dag.Add("neighbours", new ShellOperator
    {
        Script = "echo 'before {{ prev_ds }}, after {{ next_ds }}, last success {{ prev_end_date_success or \"never\" }}'",
    });

    query.Then(own).Then(neighbours);
});
