// A DAG that got another id: with RenamedFrom its runs, logs and place in the schedule go with it (docs/concepts/versions.md).
// Where there never was a DAG of the former id the line says nothing.

Dag.Define("renamed", dag =>
{
    dag.RenamedFrom = "customers_nps";
    dag.Tags("example", "feature");
    dag.Run("load", ctx => ctx.Log("loaded under the new name"));
});
