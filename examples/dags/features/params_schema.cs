// Params with rules: a run whose conf breaks one is refused before it exists.
//   sluice runs trigger params_schema --conf '{"limit": 0}'      limit is 0; it must be at least 1
//   sluice runs trigger params_schema --conf '{"region": "busan"}'
Dag.Define("params_schema", dag =>
{
    dag.Params["region"] = "seoul";
    dag.Params["limit"] = 10;
    dag.ParamSchema("region", """{"enum": ["seoul", "busan", "jeju"]}""");
    dag.ParamSchema("limit", """{"type": "integer", "minimum": 1, "maximum": 1000}""");

    dag.Add("load", new ShellOperator
    {
        Script = "echo \"$LIMIT rows of $REGION\"",
        Env = { ["REGION"] = "{{ params.region }}", ["LIMIT"] = "{{ params.limit }}" },
    });
});
