// Callbacks: code, or a notifier, that is told what has happened to a task or a run. They run on a worker, beside its slots, after what they
// tell of is on disk; what they do changes no state. docs/concepts/callbacks.md has the whole story.

Dag.Define("callbacks", dag =>
{
    dag.Tags("example", "feature");
    dag.CallbackTimeout = TimeSpan.FromSeconds(20); // then one is stopped and shown as failed

    // For every task that has no OnFailure of its own.
    dag.Defaults.OnFailure(ctx => ctx.Log($"page someone: {ctx.Summary}"));
    dag.Defaults.RetryDelay = TimeSpan.FromSeconds(1);

    dag.OnSuccess(ctx => ctx.Log($"{ctx.RunId} of {ctx.DagId} is done"));
    dag.OnFailure(async ctx =>
    {
        // Handed out again only when a worker is lost with it: the event id tells a receiver that it has heard this before.
        ctx.Log($"{ctx.EventId}: {ctx.Why}");
        await Task.Delay(10, ctx.CancellationToken);
    });

    dag.Run("second_time_lucky", ctx =>
        {
            if (ctx.TryNumber == 1)
            {
                throw new TaskErrorException("not yet");
            }
        })
        .OnExecute(ctx => ctx.Log($"try {ctx.TryNumber} begins"))
        .OnRetry(ctx => ctx.Log($"try {ctx.TryNumber} went wrong: {ctx.Why}"))
        .OnSuccess(ctx => ctx.Log("there it is"))
        .Retries = 1;

    dag.Run("nothing_to_do", _ => throw new TaskSkippedException("it is sunday")).OnSkipped(ctx => ctx.Log(ctx.Why!));

    // A notifier posts to a URL, or to the one of a connection; its texts are templates. Nobody listens here, so it is shown as failed.
    dag.Run("tells_a_webhook", _ => { }).OnSuccess(new WebhookNotifier
    {
        Url = "http://127.0.0.1:9/hooks/{{ dag.dag_id }}",
        Body = """{"task": "{{ task.task_id }}", "event": "{{ callback.event }}", "id": "{{ callback.event_id }}"}""",
    });
});
