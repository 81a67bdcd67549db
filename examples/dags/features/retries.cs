// What happens after a failure: a delay that grows, and rules by type of exception.

Dag.Define("retries", dag =>
{
    dag.Tags("example", "feature");
    dag.Defaults.Retries = 3;
    dag.Defaults.RetryDelay = TimeSpan.FromSeconds(10);
    dag.Defaults.RetryBackoffMultiplier = 1.5; // 10 s, 15 s, 22.5 s, each with up to as much again of jitter
    dag.Defaults.MaxRetryDelay = TimeSpan.FromMinutes(5);
    dag.Defaults.RetryPolicy =
    [
        new("HttpRequestException", RetryAction.Retry, TimeSpan.FromMinutes(1)), // the other side is busy
        new("FileNotFoundException", RetryAction.Skip),                          // nothing came today
        new("ArgumentException", RetryAction.Fail),                              // trying again would not help; derived types count, too
    ];

    dag.Run("third_time_lucky", ctx =>
    {
        if (ctx.TryNumber < 3)
        {
            throw new HttpRequestException("429: come back later");
        }
    });
    dag.Run("no_file_today", ctx => File.ReadAllText("/nowhere/at/all.csv"), task => task.RetryPolicy = [new("IOException", RetryAction.Skip)]);

    // Code can say so itself: TaskRetryException with a delay of its own, TaskFailedException, TaskSkippedException.
    dag.Run("asks_for_a_minute", ctx =>
    {
        if (ctx.TryNumber == 1)
        {
            throw new TaskRetryException("the table is locked", TimeSpan.FromMinutes(1));
        }
    });
});
