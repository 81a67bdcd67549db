using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Watermarks;
using Sluice.Core.DagRuns;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Files.Objects;
using Sluice.Services;

namespace Sluice.Providers.Tests.Extraction;

/// <summary>Extracts that read only what is new, from real databases.</summary>
public sealed class IncrementalTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly Marks _marks = new();

    public void Dispose() => _folder.Dispose();

    // Kind, type, two values of the first day, one of the second: next to the one before it, so that a lost digit shows.
    public static TheoryData<string, string, string, string, string> Types { get; } = new()
    {
        { "mysql", "BIGINT UNSIGNED", "1", "18446744073709551613", "18446744073709551614" },
        { "mysql", "BIGINT", "-9223372036854775808", "9223372036854775806", "9223372036854775807" },
        { "mysql", "DECIMAL(40,10)", "-1.5", "123456789012345678901234567890.1234567890", "123456789012345678901234567890.1234567891" },
        { "mysql", "DECIMAL(40,0)", "1", "9999999999999999999999999999999999999998", "9999999999999999999999999999999999999999" },
        { "mysql", "DATE", "2021-02-04", "2021-02-05", "2021-02-06" },
        { "mysql", "DATETIME(6)", "2021-02-05 00:00:00", "2021-02-05 23:59:59.123456", "2021-02-05 23:59:59.123457" },
        { "mysql", "TIMESTAMP(6) NULL", "2021-02-05 00:00:01", "2021-02-05 23:59:59.000000", "2021-02-05 23:59:59.000001" },
        { "postgres", "bigint", "-9223372036854775808", "9223372036854775806", "9223372036854775807" },
        { "postgres", "numeric", "-1.5", "123456789012345678901234567890.1234567890", "123456789012345678901234567890.12345678901" },
        { "postgres", "date", "0001-01-01", "2021-02-05", "2021-02-06" },
        { "postgres", "timestamp", "2021-02-05 00:00:00", "2021-02-05 23:59:59.123456", "2021-02-05 23:59:59.123457" },
        { "postgres", "timestamptz", "2021-02-05 09:00:00+09", "2021-02-06 08:59:59.123456+09", "2021-02-05 23:59:59.123457+00" },
        { "sqlite", "INTEGER", "-1", "9223372036854775806", "9223372036854775807" },
        { "sqlite", "DATE", "2021-02-04", "2021-02-05", "2021-02-06" },
        { "sqlite", "TIMESTAMP", "2021-02-05 00:00:00", "2021-02-05 23:59:59.123456", "2021-02-05 23:59:59.123457" },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Each_day_reads_what_is_new_to_the_last_digit_of_its_type(string kind, string type, string first, string second, string third)
    {
        var run = await TableAsync(kind, type);
        await InsertAsync(run, (1, first), (2, second));

        Assert.Equal("1 2", await ReadAsync(run, 1));
        await InsertAsync(run, (3, third));
        Assert.Equal("3", await ReadAsync(run, 2));
        var mark = _marks.Mark(2);
        Assert.Equal("", await ReadAsync(run, 3));
        Assert.Equal(mark, _marks.Mark(3));

        // Cleared days read what they had read.
        Assert.Equal("1 2", await ReadAsync(run, 1));
        Assert.Equal("3", await ReadAsync(run, 2, by => by with { Nulls = IncrementalNulls.Skip }, query: true));
        Assert.Equal((mark, mark), (_marks.Mark(2), _marks.Mark(3)));
    }

    [Fact]
    public async Task Overlap_start_and_rows_without_a_value()
    {
        var run = await TableAsync("postgres", "timestamp");
        await InsertAsync(run, (1, "2021-02-04 23:00:00"), (2, "2021-02-05 00:00:00"), (3, "2021-02-05 12:00:00"));
        await run.ExecuteSqlAsync("db", "INSERT INTO events VALUES (4, NULL)");

        var refused = await Assert.ThrowsAsync<TaskFailedException>(() => ReadAsync(run, 1));
        Assert.StartsWith("Column at has NULLs, which no watermark reaches: ", refused.Message, StringComparison.Ordinal);
        Assert.Equal("2 3", await ReadAsync(run, 1, by => by with { Nulls = IncrementalNulls.Skip, Start = "2021-02-05" }));
        Assert.Equal("3 4", await ReadAsync(run, 2, by => by with { Nulls = IncrementalNulls.Include, Overlap = "10m" }));
        await InsertAsync(run, (5, "2021-02-05 13:00:00"), (6, "2021-02-05 11:55:00"));
        Assert.Equal("3 5 6", await ReadAsync(run, 3, by => by with { Nulls = IncrementalNulls.Skip, Overlap = "10m" }));
        Assert.Equal("2021-02-05 13:00:00", _marks.Mark(3));
    }

    [Fact]
    public async Task An_attempt_that_failed_after_its_window_was_opened_is_followed_by_one_with_the_same_window()
    {
        var run = await TableAsync("mysql", "BIGINT");
        await InsertAsync(run, (1, "10"));
        run.Watermarks = _marks.Of(1);
        await Assert.ThrowsAnyAsync<Exception>(() => run.ExecuteAsync(new SqlToS3Operator
        {
            Table = "events", Columns = ["id", "no_such_column"], SqlConnectionId = "db", Uri = _folder.Uri("1.csv"), Incremental = new() { Column = "at" },
        }));
        await InsertAsync(run, (2, "20"));

        Assert.Equal("1", await ReadAsync(run, 1));
        Assert.Equal("2", await ReadAsync(run, 2));
    }

    [Fact]
    public async Task An_empty_table_leaves_no_mark_and_its_first_rows_are_read_later()
    {
        var run = await TableAsync("sqlite", "INTEGER");
        Assert.Equal("", await ReadAsync(run, 1));
        Assert.Null(_marks.Mark(1));
        await InsertAsync(run, (1, "5"));
        Assert.Equal("1", await ReadAsync(run, 2));
    }

    [Fact]
    public async Task What_cannot_be_is_refused_with_one_sentence()
    {
        var run = await TableAsync("postgres", "bigint");
        await InsertAsync(run, (1, "1"));
        await run.ExecuteSqlAsync("db", "ALTER TABLE events ADD name text");
        (Func<SqlToS3Operator, SqlToS3Operator> Change, string Says)[] rows =
        [
            (task => With(task, new() { Column = "name" }), "cannot read by column name of type text"),
            (task => With(task, new() { Column = "nothing" }), "nothing"),
            (task => With(task, new() { Column = " " }), "Incremental needs Column"),
            (task => With(task, new() { Column = "at", Start = "1; DROP TABLE events" }), "Start is '1; DROP TABLE events', which is no whole number"),
            (task => With(task, new() { Column = "at", Overlap = "10m" }), "Overlap is '10m'; for a column of numbers give a number such as 1000."),
            (task => { task.Mask = new() { ["AT"] = "null" }; return task; }, "is masked, and its values are kept by the engine"),
            (task => { task.PersonalColumns = ["events.at"]; return task; }, "personal"),
            (task => { task.Parameters = new() { ["sluice_from"] = "1" }; return task; }, "Parameter sluice_from has a name that Incremental needs"),
        ];
        _marks.Set(0, "0");
        foreach (var (change, says) in rows)
        {
            run.Watermarks = says.StartsWith("Start", StringComparison.Ordinal) ? new Marks().Of(1) : _marks.Of(1);
            var refused = await Assert.ThrowsAnyAsync<Exception>(() => run.ExecuteAsync(change(Task(1))));
            Assert.Contains(says, refused.Message, StringComparison.OrdinalIgnoreCase);
        }

        _marks.Set(0, "0 OR 1 = 1");
        run.Watermarks = _marks.Of(1);
        Assert.Equal(
            "The mark of at is '0 OR 1 = 1', which is no whole number; put it right with: sluice watermarks set.",
            (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(Task(1)))).Message);

        _marks.Set(0, "0");
        _marks.Type = RunType.Backfill;
        run.Watermarks = _marks.Of(2);
        Assert.Contains("A backfill cannot read by a watermark", (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(Task(2)))).Message, StringComparison.Ordinal);

        run.Watermarks = null;
        Assert.Contains("does not say that it keeps a watermark", (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(Task(1)))).Message, StringComparison.Ordinal);

        SqlToS3Operator With(SqlToS3Operator task, IncrementalColumn by)
        {
            task.Incremental = by;
            return task;
        }
    }

    [Fact]
    public async Task The_objects_of_another_run_are_never_replaced()
    {
        var run = await TableAsync("sqlite", "INTEGER");
        await InsertAsync(run, (1, "1"));
        Assert.Equal("1", await ReadAsync(run, 1));
        var next = run.As(1, key: 2);
        next.Watermarks = _marks.Of(2);
        var task = Task(1);
        task.Replace = true;

        var refused = await Assert.ThrowsAsync<TaskFailedException>(() => next.ExecuteAsync(task));

        Assert.Contains("with Incremental each run needs a key of its own, such as one with {{ ts_nodash }} in it", refused.Message, StringComparison.Ordinal);
        Assert.Single((await ObjectManifest.ReadAsync(new FileObjectStore(), ObjectUri.Parse(_folder.Uri("1.csv.manifest")), CancellationToken.None)).Entries);
    }

    [Theory]
    [InlineData(SqlColumnKind.Integer, "18446744073709551615", "1000", "18446744073709550615")]
    [InlineData(SqlColumnKind.Integer, "5", "10", "-5")]
    [InlineData(SqlColumnKind.Decimal, "0.05", "0.1", "-0.05")]
    [InlineData(SqlColumnKind.Decimal, "123456789012345678901234567890.1", "0.01", "123456789012345678901234567890.09")]
    [InlineData(SqlColumnKind.Date, "2021-03-01", "36h", "2021-02-27")]
    [InlineData(SqlColumnKind.Timestamp, "2021-03-01 00:00:00", "1s", "2021-02-28 23:59:59.000000")]
    [InlineData(SqlColumnKind.Timestamp, "2021-03-01 00:00:00.000001+00", "1m", "2021-02-28 23:59:00.000001+00")]
    [InlineData(SqlColumnKind.Timestamp, "2021-03-01T00:00", "1d", "2021-02-28T00:00:00.000000")]
    public void A_mark_less_an_overlap_is_exact(SqlColumnKind kind, string mark, string overlap, string expected) =>
        Assert.Equal(expected, WatermarkValue.Less(mark, overlap, kind));

    private SqlToS3Operator Task(int day) => new()
    {
        Table = "events", SqlConnectionId = "db", Uri = _folder.Uri($"{day}.csv"), Incremental = new() { Column = "at" }, Reconcile = Reconciliation.Checksums,
    };

    /// <summary>Runs a day.</summary>
    /// <returns>The ids that were read.</returns>
    private async Task<string> ReadAsync(TaskRun run, int day, Func<IncrementalColumn, IncrementalColumn>? change = null, bool query = false)
    {
        var task = Task(day);
        task.Incremental = change?.Invoke(task.Incremental!) ?? task.Incremental;
        (task.Readers, task.PartitionBy) = run.Connection("db").Type == "sqlite" ? (1, null) : (2, "id");
        if (query)
        {
            (task.Query, task.Table, task.Parameters) = ("SELECT id, at FROM events WHERE id < @most -- all of them", null, new() { ["most"] = "100" });
            task.Query = run.Connection("db").Type == "postgres" ? task.Query.Replace("@most", "CAST(@most AS int)", StringComparison.Ordinal) : task.Query;
        }

        run.Watermarks = _marks.Of(day);
        var wrote = await run.ExecuteAsync<SqlToS3Result>(task);
        _marks.Succeed(day);
        var manifest = await ObjectManifest.ReadAsync(new FileObjectStore(), ObjectUri.Parse(wrote.Uri), CancellationToken.None);
        var rows = new List<int>();
        foreach (var entry in manifest.Entries)
        {
            rows.AddRange((await File.ReadAllLinesAsync("/" + ObjectUri.Key(entry.Uri))).Skip(1).Select(line => int.Parse(line.Split(',')[0], System.Globalization.CultureInfo.InvariantCulture)));
        }

        return string.Join(' ', rows.Order());
    }

    private static Task InsertAsync(TaskRun run, params (int Id, string At)[] rows) =>
        run.ExecuteSqlAsync("db", $"INSERT INTO events VALUES {string.Join(", ", rows.Select(row => $"({row.Id}, '{row.At}')"))}");

    private async Task<TaskRun> TableAsync(string kind, string type)
    {
        var run = new TaskRun().With("db", kind switch
        {
            "mysql" => await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync(),
            "postgres" => await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync(),
            _ => $"sqlite://{_folder.Path}/source.db",
        });
        await run.ExecuteSqlAsync("db", $"CREATE TABLE events (id INT PRIMARY KEY, at {type})");
        return run;
    }
}
