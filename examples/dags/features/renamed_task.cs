// A task that got another id, and went into a group: with RenamedFrom its attempts, XComs and logs in all runs go with it (docs/concepts/versions.md).
// Where there never was a task of the former id the line says nothing.

Dag.Define("renamed_task", dag =>
{
    dag.Tags("example", "feature");
    dag.Group("inputs", group => group.Run("download", ctx => ctx.Log("downloaded under the new name"), task => task.RenamedFrom = "fetch"))
        .Then(dag.Run("load", ctx => ctx.Log("loaded")));
});
