// Data that one Dag makes and others wait for. See: sluice assets list, sluice assets emit customers, sluice dags show assets_report

var orders = new Asset("orders", "s3://lake/orders");
var customers = new Asset("customers", "s3://lake/customers");
var clients = new Asset("clients");
var uploads = new AssetAlias("uploads");

Dag.Define("assets_orders", dag =>
{
    dag.Tags("example", "feature");

    // Its success is an update of orders; those who wait for it get the extra.
    dag.Run("export", ctx => { ctx.OutletEvents[orders].Extra["rows"] = 12; }, task => task.Outlets(orders));

    // Which assets it updates is known only when it runs.
    dag.Run("sort_uploads", ctx => ctx.OutletEvents[uploads].Add(new Asset($"uploads/{ctx.LogicalDate:yyyy}")), task => task.Outlets(uploads));
});

Dag.Define("assets_report", dag =>
{
    dag.Tags("example", "feature");
    dag.Schedule = Schedule.Assets(orders.And(customers.Or(clients)));
    dag.Run("report", ctx =>
    {
        foreach (var (asset, updates) in ctx.TriggeringAssetEvents)
        {
            ctx.Log($"{asset} was updated {updates.Count} time(s), last with {updates[^1].Extra}");
        }
    });
});

Dag.Define("assets_or_time", dag =>
{
    dag.Tags("example", "feature");
    dag.StartDate = Date.Of(2026, 1, 1);
    dag.Schedule = Schedule.AssetOrTime("0 6 * * *", uploads);
    dag.Run("look", ctx => ctx.Log($"made by {(ctx.TriggeringAssetEvents.Count > 0 ? "an upload" : "the clock")}"));
});
