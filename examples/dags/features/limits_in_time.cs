// A run may take two hours, an attempt ten minutes; it should be over by six in the morning, and not much later than usual.

Dag.Define("limits_in_time", dag =>
{
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2026, 1, 1);
    dag.DagRunTimeout = TimeSpan.FromHours(2);
    dag.FailFast = true; // the first failure ends the rest
    dag.Deadline("by_six", DeadlineReference.LogicalDate, TimeSpan.FromHours(30));
    dag.Deadline("slower_than_usual", DeadlineReference.AverageRuntime(runs: 10), TimeSpan.FromMinutes(30));
    dag.Defaults.ExecutionTimeout = TimeSpan.FromMinutes(10);

    var work = dag.Add("work", new EmptyOperator());

    // Part of runs from this logical date on.
    var added = dag.Add("added_later", new EmptyOperator());
    added.StartDate = Date.Of(2026, 6, 1);
    work.Then(added);
});
