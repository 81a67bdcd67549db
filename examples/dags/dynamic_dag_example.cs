// Tasks made by loops: a start, five groups of two tasks each, an end.
// Variable: group_count (changing it defines the Dag anew).

Dag.Define("dynamic_dag_example", dag =>
{
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2021, 2, 5);
    dag.Tags("example");
    var count = int.Parse(dag.Variable("group_count", "5"));

    var start = dag.Add("start", new EmptyOperator());
    var groups = new List<TaskGroup>();
    for (var i = 1; i <= count; i++)
    {
        groups.Add(dag.Group($"group_{i}", group =>
        {
            var first = group.Add($"task_{i}_1", new EmptyOperator());
            var second = group.Add($"task_{i}_2", new EmptyOperator());
            first.Then(second);
        }));
    }

    var end = dag.Add("end", new EmptyOperator());
    start.Then(groups).Then(end);
});
