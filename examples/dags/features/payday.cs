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
