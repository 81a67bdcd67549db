// The Dags of the benchmarks. Tasks are user code: each runs in a warm runner process.

static long Fib(int n) => n < 2 ? n : Fib(n - 1) + Fib(n - 2);

Dag.Define("s40", dag =>
{
    var previous = dag.Run("t0", _ => Fib(10));
    for (var i = 1; i < 40; i++)
    {
        var next = dag.Run($"t{i}", _ => Fib(10));
        previous.Then(next);
        previous = next;
    }
});

Dag.Define("linear_1000", dag =>
{
    var previous = dag.Run("t0", _ => { });
    for (var i = 1; i < 1000; i++)
    {
        var next = dag.Run($"t{i}", _ => { });
        previous.Then(next);
        previous = next;
    }
});

Dag.Define("wide_1000", dag =>
{
    for (var i = 0; i < 1000; i++)
    {
        dag.Run($"t{i}", _ => { });
    }
});

for (var d = 0; d < 100; d++)
{
    Dag.Define($"small_{d}", dag =>
    {
        var first = dag.Run("t0", _ => { });
        for (var i = 1; i < 10; i++)
        {
            first.Then(dag.Run($"t{i}", _ => { }));
        }
    });
}

Dag.Define("single", dag => dag.Run("t", _ => { }));

Dag.Define("independent_5000", dag =>
{
    for (var i = 0; i < 5000; i++)
    {
        dag.Run($"t{i}", _ => { });
    }
});
