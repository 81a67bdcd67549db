using System.IO.Compression;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Files.Objects;
using Sluice.Services;

namespace Sluice.Providers.Tests.Extraction;

/// <summary>Extracts by several readers from real databases into a real store.</summary>
public sealed class RowExtractTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mysql", "accounts", PartitionMethod.Range)]
    [InlineData("mysql", null, PartitionMethod.Modulus)]
    [InlineData("postgres", "accounts", PartitionMethod.Range)]
    [InlineData("postgres", null, PartitionMethod.Modulus)]
    public async Task Several_readers_see_one_moment_while_money_moves(string kind, string? table, PartitionMethod method)
    {
        var run = await AccountsAsync(kind, accounts: 200);
        using var stop = new CancellationTokenSource();
        var moving = MoveMoneyAsync(run, stop.Token);

        for (var time = 0; time < 3; time++)
        {
            var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
            {
                Table = table,
                Query = table is null ? "SELECT id, amount FROM accounts WHERE amount > -1000000" : null,
                SqlConnectionId = "db",
                Uri = _folder.Uri("accounts.csv.gz"),
                Replace = true,
                Readers = 3,
                PartitionBy = "id",
                PartitionMethod = method,
                Reconcile = Reconciliation.Checksums,
            });

            var rows = await RowsAsync(wrote.Uri);
            Assert.Equal(200, rows.Count);
            Assert.Equal(Enumerable.Range(1, 200), rows.Select(row => int.Parse(row[0], System.Globalization.CultureInfo.InvariantCulture)).Order());
            Assert.Equal(200_000, rows.Sum(row => long.Parse(row[1], System.Globalization.CultureInfo.InvariantCulture)));
        }

        await stop.CancelAsync();
        Assert.True(await moving > 0);
        Assert.InRange(_folder.AllFiles().Length, 2, 13); // one manifest, and what it names: nothing of the attempts before
    }

    [Fact]
    public async Task An_attempt_that_was_held_up_does_not_undo_what_a_later_one_published()
    {
        var run = await AccountsAsync("mysql", accounts: 10);
        var uri = ObjectUri.Parse(_folder.Uri("held.csv"));
        await using var first = new HeldStore();
        var held = RunAsync(first, "first");
        await first.Reached.Task.WaitAsync(TimeSpan.FromSeconds(120));
        await run.ExecuteSqlAsync("db", "UPDATE accounts SET amount = 7 WHERE id = 1");
        var later = await RunAsync(new FileObjectStore(), "later");
        first.Go.SetResult();

        await Assert.ThrowsAsync<ObjectChangedException>(() => held);

        var published = await ObjectManifest.ReadAsync(new FileObjectStore(), ObjectUri.Parse(later.Uri), CancellationToken.None);
        Assert.Equal("later", published.Meta.Sluice!.WrittenBy);
        Assert.Contains(["1", "7"], await RowsAsync(later.Uri));
        Assert.Equal(
            published.Entries.Select(entry => ObjectUri.Key(entry.Uri)).Append(ObjectUri.Key(ObjectUri.Parse(later.Uri))).Order(),
            _folder.AllFiles().Select(file => file[1..]).Order()); // and nothing of the first is left

        async Task<ExtractResult> RunAsync(IObjectStore store, string name)
        {
            await using var sql = await run.Context().SqlAsync("db");
            return await new RowExtract(
                sql,
                new() { Table = "accounts", Uri = uri, Store = store, WriteOptions = new() { Replace = true }, Manifest = true, WrittenBy = name }).RunAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_manifest_that_is_there_counts_although_the_stores_answer_was_lost()
    {
        var run = await AccountsAsync("mysql", accounts: 10);
        await using var store = new HeldStore { LosesAnswer = true };
        store.Go.SetResult();
        await using var sql = await run.Context().SqlAsync("db");

        var wrote = await new RowExtract(
            sql, new() { Table = "accounts", Uri = ObjectUri.Parse(_folder.Uri("lost.csv")), Store = store, Manifest = true, WrittenBy = "test" }).RunAsync(CancellationToken.None);

        Assert.Equal(10, (await RowsAsync(wrote.Uri)).Count);
    }

    [Fact]
    public async Task One_object_too_stays_as_the_later_attempt_wrote_it()
    {
        var run = await AccountsAsync("mysql", accounts: 3);
        var uri = ObjectUri.Parse(_folder.Uri("one.csv"));
        var store = new FileObjectStore();
        await using var early = await store.OpenWriteAsync(uri, replace: true, CancellationToken.None);
        await early.Body.WriteAsync("old"u8.ToArray());
        await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator { Table = "accounts", SqlConnectionId = "db", Uri = _folder.Uri("one.csv"), Replace = true });

        await Assert.ThrowsAsync<ObjectChangedException>(async () => await early.CommitAsync(CancellationToken.None));
        Assert.StartsWith("id,amount", await File.ReadAllTextAsync(_folder["one.csv"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_is_killed_leaves_nothing_and_the_next_attempt_is_whole()
    {
        var run = await AccountsAsync("mysql", accounts: 2000);
        var killing = new SqlToS3Operator
        {
            Query = "SELECT id, amount, CASE WHEN id = 1500 THEN (SELECT 1 UNION SELECT 2) END AS boom FROM accounts",
            SqlConnectionId = "db",
            Uri = _folder.Uri("killed.csv"),
            Readers = 2,
            PartitionBy = "id",
            MaxRowsPerFile = 50,
        };

        var e = await Assert.ThrowsAsync<SqlHookException>(() => run.ExecuteAsync(killing));

        Assert.Contains("more than 1 row", e.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.AllFiles());
        killing.Query = "SELECT id, amount FROM accounts";
        var wrote = await run.ExecuteAsync<SqlToS3Result>(killing);
        Assert.Equal(2000, wrote.Rows);
        var rows = await RowsAsync(wrote.Uri);
        Assert.Equal(2000, rows.Select(row => row[0]).Distinct().Count());
        Assert.All(_folder.AllFiles().Where(file => file.EndsWith(".csv", StringComparison.Ordinal)), file => Assert.InRange(File.ReadLines(file).Count(), 2, 51));
    }

    [Fact]
    public async Task A_backfill_reads_the_replica_and_what_is_personal_stays_so()
    {
        var run = await AccountsAsync("mysql", accounts: 1);
        var replica = await AccountsAsync("mysql", accounts: 5);
        var primary = run.Connection("db");
        run.With(primary with { Extra = new Dictionary<string, string> { ["replica"] = "copy", ["personal_columns"] = "amount" } });
        run.With(replica.Connection("db") with { Id = "copy" });
        var extract = new SqlToS3Operator { Table = "accounts", SqlConnectionId = "db", Uri = _folder.Uri("a.csv"), Replace = true, Exclude = ["amount"] };

        Assert.Equal(1, (await run.ExecuteAsync<SqlToS3Result>(extract)).Rows);
        run.Type = Core.DagRuns.RunType.Backfill;
        Assert.Equal(5, (await run.ExecuteAsync<SqlToS3Result>(extract)).Rows);
        Assert.Contains(run.Log, line => line.Contains("reading from 'copy' instead of 'db'", StringComparison.Ordinal));
        extract.Exclude = [];
        var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(extract));
        Assert.Contains("amount (accounts.amount), tagged as personal", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alias_does_not_hide_a_personal_column_of_mysql()
    {
        var run = await AccountsAsync("mysql", accounts: 1);
        var extract = new SqlToS3Operator
        {
            Query = "SELECT amount AS harmless FROM accounts a",
            SqlConnectionId = "db",
            Uri = _folder.Uri("alias.csv"),
            PersonalColumns = ["accounts.amount"],
        };

        await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(extract));
        Assert.Empty(_folder.AllFiles());
    }

    [Theory]
    [InlineData(2, null, "Several readers need PartitionBy")]
    [InlineData(0, "id", "Readers must be from 1 to 64")]
    [InlineData(2, "name", "needs a column of whole numbers")]
    public async Task Readers_that_cannot_be_meant_are_refused(int readers, string? column, string told)
    {
        var run = await AccountsAsync("mysql", accounts: 3);
        await run.ExecuteSqlAsync("db", "ALTER TABLE accounts ADD name VARCHAR(10) DEFAULT 'x'");
        var extract = new SqlToS3Operator { Table = "accounts", SqlConnectionId = "db", Uri = _folder.Uri("x.csv"), Readers = readers, PartitionBy = column };

        Assert.Contains(told, (await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(extract))).Message, StringComparison.Ordinal);
        Assert.Empty(_folder.AllFiles());
    }

    [Fact]
    public async Task Several_readers_without_the_right_to_lock_are_told_what_to_grant()
    {
        var run = await AccountsAsync("mysql", accounts: 3);
        var admin = run.Connection("db");
        await run.ExecuteSqlAsync("db", $"CREATE OR REPLACE USER 'reader'@'%' IDENTIFIED BY 'pw'; GRANT SELECT ON `{admin.Schema}`.* TO 'reader'@'%'");
        run.With(admin with { Id = "poor", Login = "reader", Password = "pw" });
        var extract = new SqlToS3Operator { Query = "SELECT * FROM accounts", SqlConnectionId = "poor", Uri = _folder.Uri("x.csv"), Readers = 2, PartitionBy = "id" };

        Assert.Contains("Grant RELOAD", (await Assert.ThrowsAsync<SqlHookException>(() => run.ExecuteAsync(extract))).Message, StringComparison.Ordinal);
        extract.Query = null;
        extract.Table = "accounts";
        Assert.Contains("Grant LOCK TABLES", (await Assert.ThrowsAsync<SqlHookException>(() => run.ExecuteAsync(extract))).Message, StringComparison.Ordinal);
        await run.ExecuteSqlAsync("db", $"GRANT LOCK TABLES ON `{admin.Schema}`.* TO 'reader'@'%'");
        Assert.Equal(3, (await run.ExecuteAsync<SqlToS3Result>(extract)).Rows);
    }

    [Fact]
    public async Task No_rows_give_one_object_with_a_header()
    {
        var run = await AccountsAsync("postgres", accounts: 0);
        var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
        {
            Table = "accounts", SqlConnectionId = "db", Uri = _folder.Uri("none.csv"), Readers = 2, PartitionBy = "id", Reconcile = Reconciliation.Counts,
        });

        Assert.Equal(0, wrote.Rows);
        var manifest = await ObjectManifest.ReadAsync(new FileObjectStore(), ObjectUri.Parse(wrote.Uri), CancellationToken.None);
        Assert.Equal("id,amount\n", await File.ReadAllTextAsync("/" + ObjectUri.Key(Assert.Single(manifest.Entries).Uri)));
    }

    private static async Task<TaskRun> AccountsAsync(string kind, int accounts)
    {
        var run = new TaskRun().With("db", kind == "mysql"
            ? await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync()
            : await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync());
        await run.ExecuteSqlAsync("db", "CREATE TABLE accounts (id INT PRIMARY KEY, amount BIGINT)");
        if (accounts > 0)
        {
            await run.ExecuteSqlAsync("db", $"INSERT INTO accounts VALUES {string.Join(", ", Enumerable.Range(1, accounts).Select(i => $"({i}, 1000)"))}");
        }

        return run;
    }

    // Each transfer is one transaction: whatever moment a reader sees, the sum is the same.
    private static async Task<int> MoveMoneyAsync(TaskRun run, CancellationToken stop)
    {
        await using var sql = await run.Context().SqlAsync("db", CancellationToken.None);
        var transfers = 0;
        while (!stop.IsCancellationRequested)
        {
            var (from, to) = ((transfers % 200) + 1, ((transfers * 7) % 200) + 1);
            await sql.ExecuteAsync(
                $"BEGIN; UPDATE accounts SET amount = amount - 5 WHERE id = {from}; UPDATE accounts SET amount = amount + 5 WHERE id = {to}; COMMIT", null, CancellationToken.None);
            transfers++;
        }

        return transfers;
    }

    private static async Task<List<string[]>> RowsAsync(string manifestUri)
    {
        var manifest = await ObjectManifest.ReadAsync(new FileObjectStore(), ObjectUri.Parse(manifestUri), CancellationToken.None);
        var rows = new List<string[]>();
        foreach (var entry in manifest.Entries)
        {
            await using var file = File.OpenRead("/" + ObjectUri.Key(entry.Uri));
            Assert.Equal(entry.Meta.ContentLength, file.Length);
            using var text = new StreamReader(entry.Url.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
            var lines = (await text.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(entry.Meta.RecordCount, lines.Length - 1);
            rows.AddRange(lines.Skip(1).Select(line => line.Split(',')));
        }

        return rows;
    }

    /// <summary>A folder whose manifest is held back right before it is published: an attempt that was stopped there.</summary>
    private sealed class HeldStore : IObjectStore
    {
        private readonly FileObjectStore _inner = new();

        internal bool LosesAnswer { get; init; }

        internal TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask<IObjectWrite> OpenWriteAsync(Uri uri, ObjectWriteOptions options, CancellationToken cancellationToken)
        {
            var write = await _inner.OpenWriteAsync(uri, options, cancellationToken);
            return ObjectManifest.IsNamedSo(uri) ? new HeldWrite(this, write) : write;
        }

        public ValueTask<StoredObject?> HeadAsync(Uri uri, CancellationToken cancellationToken) => _inner.HeadAsync(uri, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(Uri prefix, CancellationToken cancellationToken) => _inner.ListAsync(prefix, cancellationToken);

        public ValueTask<Stream> OpenReadAsync(Uri uri, CancellationToken cancellationToken) => _inner.OpenReadAsync(uri, cancellationToken);

        public ValueTask DeleteAsync(Uri uri, CancellationToken cancellationToken) => _inner.DeleteAsync(uri, cancellationToken);

        public ValueTask DisposeAsync() => _inner.DisposeAsync();

        private sealed class HeldWrite(HeldStore store, IObjectWrite inner) : IObjectWrite
        {
            public Stream Body => inner.Body;

            public async ValueTask<StoredObject> CommitAsync(CancellationToken cancellationToken)
            {
                store.Reached.SetResult();
                await store.Go.Task;
                var stored = await inner.CommitAsync(cancellationToken);
                return store.LosesAnswer ? throw new IOException("The connection was reset.") : stored;
            }

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
