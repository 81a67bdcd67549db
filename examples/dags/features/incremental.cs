// A task that reads only what is new since its last success: the engine keeps how far it has come, and moves it on with the success, not before.

Dag.Define("incremental", dag =>
{
    dag.Tags("example", "feature");

    // Numbers that only grow, as an id does; each run takes those that came since the run before.
    var read = dag.Run("read", async ctx =>
    {
        var window = await ctx.OpenWatermarkAsync(start: 0L, (from, cancel) => ValueTask.FromResult<long?>(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
        ctx.Log($"reading above {window.From}, up to {window.To}");

        // A retry gets the same window, and so does a run that is cleared: what it reads does not depend on when.
        return window.To - window.From;
    });
    read.KeepsWatermark = true;
    read.Retries = 1;

    dag.Run("report", read.Output, (ctx, count) => ctx.Log($"{count} were new"));
});
