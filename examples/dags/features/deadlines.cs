// Deadlines: a moment by which a run should be over. One that is missed ends nothing: it is shown with the run (sluice runs show), logged, and told
// once to its callbacks, also when the run still waits for its turn. docs/concepts/schedules.md says what they count from.

Dag.Define("deadlines", dag =>
{
    dag.Tags("example", "feature");
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2030, 1, 1); // by hand until then

    // Before the run is even made, so that there is something to see: every run misses this one.
    dag.Deadline("a minute ago", DeadlineReference.QueuedAt, TimeSpan.FromMinutes(-1), ctx =>
        ctx.Log($"{ctx.RunId} should have been over by {ctx.DeadlineDue:HH:mm:ss}: {ctx.Summary}"));

    // At six in the morning of the day after.
    dag.Deadline("by six", DeadlineReference.LogicalDate, TimeSpan.FromHours(30), new SlackNotifier
    {
        ConnectionId = "alerts",
        Text = "{{ dag.dag_id }} of {{ ds }} is not there: it was due {{ callback.deadline_due }}",
    });

    // Half an hour later than the last ten runs took on average; only shown.
    dag.Deadline("slower than usual", DeadlineReference.AverageRuntime(runs: 10, atLeast: 3), TimeSpan.FromMinutes(30));

    dag.Run("load", ctx => ctx.Log("loads"));
});
