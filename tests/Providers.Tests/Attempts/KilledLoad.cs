using Sluice.Authoring.Hooks;
using Sluice.Providers.Aws.Operators;

namespace Sluice.Providers.Tests.Attempts;

/// <summary>A load of the rows 1=new and 2=new over 1=old and 9=old that is killed at each of its statements.</summary>
/// <param name="method">How it loads.</param>
internal abstract class KilledLoad(LoadMethod method) : IAsyncDisposable
{
    private const string Before = "1=old 9=old";

    private readonly List<(int Statement, bool IsHeard)> _moments = [];
    private IReadOnlyList<string> _statements = [];
    private int _commit;
    private string _right = "";
    private string _moment = "";

    protected LoadMethod Method => method;

    /// <summary>The connections of the process; their ids begin with the method.</summary>
    internal abstract IReadOnlyDictionary<string, string> Connections { get; }

    internal abstract S3ToRedshiftOperator Operator { get; }

    /// <summary>What statements of the load begin with, at least.</summary>
    protected abstract IEnumerable<string> Expected { get; }

    /// <summary>What ran so far, in order.</summary>
    protected abstract IReadOnlyList<string> Statements { get; }

    private string After => method switch { LoadMethod.Append => "1=new 1=old 2=new 9=old", LoadMethod.Replace => "1=new 2=new", _ => "1=new 2=new 9=old" };

    /// <summary>Kills processes, in each of them all loads, at the n-th statement of each, and lets the next attempt run in this process.</summary>
    internal static async Task AtEachStatementAsync(IReadOnlyList<KilledLoad> loads)
    {
        foreach (var load in loads)
        {
            await load.ResetAsync();
        }

        await using (var unharmed = await StartAsync(loads))
        {
            Assert.Contains(AttemptProgram.Succeeded, await unharmed.EndAsync(), StringComparison.Ordinal);
        }

        foreach (var load in loads)
        {
            await load.LearnAsync();
        }

        for (var i = 0; i < loads.Max(load => load._moments.Count); i++)
        {
            await KillAsync([.. loads.Where(load => i < load._moments.Count)], i);
        }
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>The table as it was, and no ledger: the first load makes it.</summary>
    protected abstract Task CleanAsync();

    /// <summary>Whether readers wait for the load when it has come to this statement.</summary>
    protected virtual bool HoldsReaders(IReadOnlyList<string> statements, int statement) => false;

    /// <summary>The statement of the load waits, counted from the next one that comes.</summary>
    protected abstract (Task Reached, Action<bool> End) Hold(int statement);

    /// <summary>Past the proxy.</summary>
    /// <returns>Rows with blanks between, values with bars.</returns>
    protected abstract Task<string> ReadAsync(string sql);

    /// <summary>Names of what lies in the store.</summary>
    protected abstract Task<string> StoreAsync();

    /// <summary>The next attempt, in this process.</summary>
    protected abstract Task RunAsync();

    private static async Task KillAsync(IReadOnlyList<KilledLoad> loads, int number)
    {
        var holds = new List<(Task Reached, Action<bool> End)>();
        foreach (var load in loads)
        {
            await load.ResetAsync();
            holds.Add(load.Hold(load._moments[number].Statement));
            load._moment = load.Tell(number);
        }

        await using var killed = await StartAsync(loads);
        foreach (var (load, hold) in loads.Zip(holds))
        {
            await load.MeetAsync(number, hold.Reached, killed);
        }

        await killed.KillAsync();

        foreach (var (load, hold) in loads.Zip(holds))
        {
            hold.End(load._moments[number].IsHeard);
            await load.RecoverAsync(number);
        }
    }

    private static Task<AttemptProcess> StartAsync(IReadOnlyList<KilledLoad> loads) => AttemptProcess.StartAsync(new()
    {
        Connections = loads.SelectMany(load => load.Connections).ToDictionary(), Attempt = 1, Loads = [.. loads.Select(load => load.Operator)],
    });

    // What it runs when nobody harms it, and what is right then.
    private async Task LearnAsync()
    {
        _statements = Statements;
        foreach (var expected in Expected)
        {
            Assert.Contains(_statements, statement => statement.StartsWith(expected, StringComparison.Ordinal));
        }

        _commit = _statements.ToList().LastIndexOf("COMMIT");
        _right = await StateAsync();
        Assert.StartsWith($"{After}; dag|task|2; t sluice_loads; ", _right, StringComparison.Ordinal);
        for (var i = 0; i < _statements.Count; i++)
        {
            if (i == _commit)
            {
                _moments.Add((i, false)); // then nothing was done, else all of it
            }

            _moments.Add((i, true));
        }
    }

    private string Tell(int number)
    {
        var (statement, isHeard) = _moments[number];
        return $"{method}, killed at statement {statement + 1} of {_statements.Count}, which the server {(isHeard ? "ran" : "never got")}: {_statements[statement].ReplaceLineEndings(" ")}";
    }

    private async Task MeetAsync(int number, Task reached, AttemptProcess process)
    {
        if (await Task.WhenAny(reached, Task.Delay(Until.Patience)) != reached)
        {
            Assert.Fail($"{_moment}: it did not come there. {process.Output}");
        }

        var statement = _moments[number].Statement;
        AssertSame(Kind(_statements[statement]), Kind(Statements[^1]));
        if (!HoldsReaders(_statements, statement))
        {
            AssertSame(statement > _commit ? After : Before, await TableAsync());
        }
    }

    private async Task RecoverAsync(int number)
    {
        var (statement, isHeard) = _moments[number];
        await UntilAloneAsync();
        AssertSame(statement > _commit || (statement == _commit && isHeard) ? After : Before, await TableAsync());
        await RunAsync();
        AssertSame(_right, await StateAsync());
    }

    // An assertion of tuples would cut the statement off.
    private void AssertSame(string expected, string actual) => Assert.True(expected == actual, $"{_moment}\nexpected: {expected}\nthere is: {actual}");

    private async Task ResetAsync()
    {
        await UntilAloneAsync();
        await CleanAsync();
    }

    private Task<string> TableAsync() => ReadAsync("SELECT id || '=' || v FROM t ORDER BY id, v");

    // Rows; what is remembered; tables, temporary ones of whatever session among them; objects.
    private async Task<string> StateAsync() => string.Join("; ",
        await TableAsync(),
        await ReadAsync("SELECT dag_id, task_id, rows_loaded FROM sluice_loads"),
        await ReadAsync("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') ORDER BY 1 DESC"),
        await StoreAsync());

    // A session ends a moment after its client has gone.
    private Task UntilAloneAsync() => Until.TrueAsync(
        async () => await ReadAsync("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") == "0",
        $"{_moment}: there is no other session");

    // Each COPY has a list and each session a number of its own.
    private static string Kind(string statement) => statement[..Math.Min(statement.Length, 20)];
}
