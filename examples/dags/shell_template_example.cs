// A shell script as a template. Values that others may choose go by the environment, where the shell cannot take them for code.

Dag.Define("shell_template_example", dag =>
{
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2021, 2, 5);
    dag.Tags("example", "shell");
    dag.Params["greeting"] = "hello from the params";

    var now = dag.Add("print_time", new ShellOperator { Script = "echo \"now {{ ts }}\"" });

    var greet = dag.Add("greet", new ShellOperator
    {
        Script = "echo \"$GREETING\"",
        Env = new() { ["GREETING"] = "{{ params.greeting }}" },
    });

    now.Then(greet);
});
