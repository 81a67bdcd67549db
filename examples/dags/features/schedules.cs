// One small Dag for each way to say when it runs.

Dag.Define("several_crons", dag =>
{
    dag.Schedule = Schedule.Cron("0 9 * * MON-FRI", "0 12 * * SAT");
    dag.StartDate = Date.Of(2026, 1, 1);
    dag.Add("work", new EmptyOperator());
});

Dag.Define("second_friday", dag =>
{
    dag.Schedule = Schedule.Cron("30 6 * * FRI#2");
    dag.StartDate = Date.Of(2026, 1, 1);
    dag.Add("work", new EmptyOperator());
});

Dag.Define("every_ten_seconds", dag =>
{
    dag.Schedule = Schedule.Cron("*/10 * * * * *").WithSeconds();
    dag.StartDate = Date.Of(2026, 1, 1);
    dag.EndDate = Date.Of(2036, 1, 1); // the last logical date, itself included
    dag.Add("work", new EmptyOperator());
});

Dag.Define("every_six_hours", dag =>
{
    dag.Schedule = Schedule.Every(TimeSpan.FromHours(6)); // of elapsed time, from the start date on
    dag.StartDate = Date.Of(2026, 1, 1, 3);
    dag.Add("work", new EmptyOperator());
});

Dag.Define("every_quarter_from_a_day", dag =>
{
    dag.Schedule = Schedule.EveryMonths(3);
    dag.StartDate = Date.Of(2026, 1, 15);
    dag.Add("work", new EmptyOperator());
});

Dag.Define("at_noon", dag =>
{
    dag.Schedule = Schedule.At("0 12 * * *"); // the run is made at noon, and is about no span of time
    dag.StartDate = Date.Of(2026, 1, 1);
    dag.Add("work", new EmptyOperator());
});

Dag.Define("the_day_before_six", dag =>
{
    // No start date: six o'clock counts for two hours more.
    dag.Schedule = Schedule.At("0 6 * * *").WithInterval(TimeSpan.FromDays(1)).RunImmediately(TimeSpan.FromHours(2));
    dag.Add("work", new EmptyOperator());
});

Dag.Define("only_once", dag =>
{
    dag.Schedule = Schedule.Once;
    dag.StartDate = Date.Of(2026, 1, 1);
    dag.Add("work", new EmptyOperator());
});

Dag.Define("one_after_the_other", dag =>
{
    dag.Schedule = Schedule.Continuous;
    dag.StartDate = Date.Of(2026, 1, 1);
    dag.MaxActiveRuns = 1;
    dag.Add("work", new EmptyOperator());
});
