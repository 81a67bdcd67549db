// Schedules on working days: a calendar moves a tick, or leaves it out. sluice schedule preview --dag month_end_close says why.

Dag.Define("working_day_report", dag =>
{
    dag.TimeZone = "Asia/Seoul";
    dag.StartDate = Date.Of(2026, 9, 1);
    dag.Schedule = Schedule.Cron("0 18 * * *").On(dag.Calendar("holidays.ics", "company_days.txt"));
    dag.Add("report", new EmptyOperator());
});

Dag.Define("month_end_close", dag =>
{
    dag.Description = "On the last working day of each month.";
    dag.TimeZone = "Asia/Seoul";
    dag.StartDate = Date.Of(2026, 9, 1);
    dag.Schedule = Schedule.At("0 20 L * *").On(dag.Calendar("holidays.ics", "company_days.txt"), DayRule.Previous);
    dag.Add("close", new EmptyOperator());
});

// Paid on the 25th, or on the working day before; the run must be over an hour after it is made.
Dag.Define("payday", dag =>
{
    dag.TimeZone = "Asia/Seoul";
    dag.StartDate = Date.Of(2026, 9, 1);
    dag.Schedule = Schedule.At("0 9 25 * *").On(dag.Calendar("holidays.ics", "company_days.txt"), DayRule.Previous);
    dag.DagRunTimeout = TimeSpan.FromHours(2);
    dag.Deadline("paid in time", DeadlineReference.QueuedAt, TimeSpan.FromHours(1));

    var pay = dag.Add("pay", new EmptyOperator());
    var report = dag.Add("report", new EmptyOperator());
    report.EndDate = Date.Of(2027, 12, 31);
    pay.Then(report);
});
