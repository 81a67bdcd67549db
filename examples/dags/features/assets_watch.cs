// An asset that something outside updates: each file that comes into a folder makes one run. See: sluice assets events inbox

var inbox = new Asset("inbox", "file:///tmp/sluice-inbox");

// Looks every second, on a worker, without a slot; a file that is written again counts again.
Dag.Watch("assets_watch", inbox, new FileSensor { Path = "{{ params.inbox }}/*.csv", PokeInterval = TimeSpan.FromSeconds(1) }, dag =>
{
    dag.Tags("example", "feature");
    dag.Params["inbox"] = "/tmp/sluice-inbox";
});

Dag.Define("assets_inbox", dag =>
{
    dag.Tags("example", "feature");
    dag.Schedule = Schedule.Assets(inbox);
    dag.Run("load", async ctx =>
    {
        // Inlets are looked at, not waited for: here all that came so far, not only what made this run.
        var all = await ctx.InletEventsAsync(inbox);
        ctx.Log($"{all.Count} so far; now {ctx.TriggeringAssetEvents.GetValueOrDefault("inbox")?[^1].Extra ?? "nothing"}");
    }, task => task.Inlets(inbox));
});
