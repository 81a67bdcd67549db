// One task becomes as many instances as there are things to do, known when the run comes to it.

Dag.Define("mapping", dag =>
{
    dag.Tags("example", "feature");

    var files = dag.Run("list_files", ctx => new List<string> { "a.csv", "b.csv", "c.txt", "d.csv" });

    // Typed: the compiler knows what one instance gets. Where skips the instances of items that do not fit.
    var sizes = dag.Map("measure", files.Items().Where(name => name.EndsWith(".csv")), (ctx, name) => name.Length + ctx.MapIndex);

    // What a mapped task returns is a list, in the order of the indices.
    var total = dag.Run("total", sizes.Output, (ctx, all) => all.Sum(), task => task.TriggerRule = TriggerRule.NoneFailed);

    // Every region with every day, then pairs.
    dag.Map("cross", MapItems.Of("eu", "us").Cross(MapItems.Of(1, 2, 3)), (ctx, item) => $"{item.First}{item.Second}");
    dag.Map("pairs", MapItems.Of("x", "y", "z").Zip(MapItems.Of(1, 2), fill: 0), (ctx, item) => $"{item.First}{item.Second}");

    // An operator, whose other arguments are the same for all.
    dag.Expand("shout", new ShellOperator { Script = "echo $WHO at {{ map_index }}" }, over => over.Over("env", [new Dictionary<string, string> { ["WHO"] = "you" }, new() { ["WHO"] = "me" }]));

    // Each instance takes its arguments from an object of the list.
    dag.Expand("by_arguments", new ShellOperator { Script = "" }, over => over.OverArguments<Dictionary<string, object>>(
        [new() { ["script"] = "echo $A", ["env"] = new Dictionary<string, string> { ["A"] = "x" } }, new() { ["script"] = "echo nothing" }]));

    // Its items may be left out and changed, too, by expressions of the template language.
    dag.Expand("read", new ShellOperator { Script = "" }, over => over.Over("script", files, filter: "item.endswith('.csv')", map: "'echo reading ' ~ item"));

    // A group: each index goes its own way through it.
    dag.MapGroup("table", files.Items().Select(name => name[..1]), (group, item) =>
    {
        var load = group.Run("load", async ctx => "loaded " + await item.GetAsync(ctx));
        load.Then(group.Run("check", load.Output, (ctx, loaded) => ctx.Log(loaded)));
    }).Then(dag.Run("all_tables", ctx => ctx.Log("all are there")));

    // No items, no instances: skipped.
    dag.Map("nothing", MapItems.Of<int>(), (ctx, item) => item);

    // Several outputs of one task, each with its own type.
    var parts = dag.Run("parts", ctx => new { Rows = 3, Path = "x" }, task => task.MultipleOutputs = true);
    dag.Run("use_parts", parts.Output.Part<int>("rows"), parts.Output.Part<string>("path"), (ctx, rows, path) => $"{rows} rows in {path}");
});
