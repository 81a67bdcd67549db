// Dags that wait for each other: one triggers a run of another and waits for its end; one waits for what others did.
//   sluice dags test cross_dag       a test run knows no other Dag: it says what would be triggered, and takes what is waited for as there

Dag.Define("cross_dag", dag =>
{
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2021, 2, 5);
    dag.Tags("example", "feature");

    // The whole run of the same date.
    var upstream = dag.Add("upstream", new ExternalTaskSensor { ExternalDagId = "branching", Mode = SensorMode.Reschedule });

    // A task of yesterday's run; its failure fails this one, else it is waited out.
    var yesterday = dag.Add("yesterday", new ExternalTaskSensor
    {
        ExternalDagId = "branching",
        ExternalTaskId = "large.load",
        ExecutionDelta = TimeSpan.FromDays(1),
        AllowedStates = [TaskState.Success],
        SkippedStates = [TaskState.Skipped], // then there is nothing to do here, either
        FailedStates = [TaskState.Failed, TaskState.UpstreamFailed],
        Mode = SensorMode.Reschedule,
        PokeInterval = TimeSpan.FromMinutes(5),
        Timeout = TimeSpan.FromHours(6),
        SoftFail = true,
    });

    // For schedules that do not meet: the latest run of the last forty days.
    var latest = dag.Add("latest", new ExternalTaskSensor { ExternalDagId = "payday", LatestWithin = TimeSpan.FromDays(40), CheckExistence = true, Mode = SensorMode.Reschedule });

    // Dates by code: every day of the week before.
    var week = dag.Add("week", new ExternalDatesSensor(ctx => Enumerable.Range(1, 7).Select(day => ctx.LogicalDate.AddDays(-day)))
    {
        ExternalDagId = "branching",
        ExternalTaskGroupId = "large",
        AllowedStates = [TaskState.Success, TaskState.Skipped],
        Mode = SensorMode.Reschedule,
    });

    // Makes one run however often it is tried, and waits for its end without a slot.
    var load = dag.Add("load", new TriggerDagRunOperator
    {
        TriggerDagId = "params_schema",
        Conf = { ["region"] = "busan", ["limit"] = 50 },
        LogicalDate = "{{ ts }}",
        WaitForCompletion = true,
        PokeInterval = TimeSpan.FromSeconds(30),
    });

    // A given id: the run is triggered once a day, by whichever task comes first.
    var once = dag.Add("once", new TriggerDagRunOperator { TriggerDagId = "params_schema", TriggerRunId = "daily_{{ ds }}", SkipWhenAlreadyExists = true });

    // One run for good, which runs again with each run of this task; refused while people have paused its Dag.
    var again = dag.Add("again", new TriggerDagRunOperator { TriggerDagId = "params_schema", TriggerRunId = "always_the_same", ResetDagRun = true, FailWhenDagIsPaused = true });

    upstream.Then(yesterday).Then(latest).Then(week).Then(load).Then([once, again]);
});
