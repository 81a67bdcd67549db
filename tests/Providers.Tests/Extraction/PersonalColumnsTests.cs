using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Tests.Redshift;
using Sluice.Services;

namespace Sluice.Providers.Tests.Extraction;

/// <summary>What is tagged as personal does not leave, whatever a query calls it, in any of the databases.</summary>
public sealed class PersonalColumnsTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mysql")]
    [InlineData("postgres")]
    [InlineData("sqlite")]
    public async Task Aliases_views_and_expressions_hide_nothing(string kind)
    {
        var run = await SourceAsync(kind);
        (string Tag, string Query)[] refused =
        [
            ("customers.*", "SELECT * FROM customers"),
            ("customers.*", "SELECT id AS x FROM customers c"),
            ("email", "SELECT email AS e FROM customers"),
            ("customers.email", "SELECT c.EMAIL AS e FROM customers AS c"),
            ("email", "SELECT LOWER(email) AS e FROM customers"),
            ("customers.email", "SELECT e FROM (SELECT email AS e FROM customers) AS s"),
            ("email", "WITH s AS (SELECT email AS e FROM customers) SELECT e FROM s"),
            ("email", "SELECT name AS e FROM customers UNION ALL SELECT email FROM customers"),
            ("customers.email", "SELECT e FROM mails"),
            ("email", "SELECT x.e AS y FROM mails AS x"),
            ("mails.*", "SELECT e FROM mails"),
            ("email", "SELECT l AS y FROM lows"),
            ("email", "SELECT UPPER(l) AS y FROM lows"),
            ("customers.*", "SELECT COUNT(*) AS n FROM customers"),
            .. kind != "postgres" ? Array.Empty<(string, string)>() :
            [
                ("customers.email", "SELECT row_to_json(c) AS j FROM customers c"),
                ("email", "SELECT c FROM customers c"),
                ("email", "SELECT e FROM leak() AS e"),
                ("customers.email", "SELECT email AS e FROM customers_old"), // a partition
            ],
        ];
        foreach (var (tag, query) in refused)
        {
            foreach (var readers in query.Contains("id", StringComparison.Ordinal) || kind == "sqlite" ? new[] { 1 } : [1, 2])
            {
                var extract = Extract(query, tag);
                extract.Manifest = readers > 1; // goes by way of a snapshot
                var e = await Record.ExceptionAsync(() => run.ExecuteAsync(extract));
                Assert.True(e is TaskFailedException, $"{tag}: {query} was not refused, but {e?.Message ?? "extracted"}");
            }
        }

        (string Tag, string Query, string[] Vouched)[] allowed =
        [
            ("orders.email", "SELECT email AS e FROM customers", []),
            ("email", "SELECT id, name AS n FROM customers", []),
            ("customers.email", "SELECT id, COUNT(*) AS n FROM customers GROUP BY id", []),
            ("email", "SELECT COUNT(email) AS n FROM customers", ["n"]),
            ("email", "SELECT id FROM mails;", []),
            ("phone", "SELECT LOWER(email) AS e FROM customers", []),
        ];
        foreach (var (tag, query, vouched) in allowed)
        {
            var extract = Extract(query, tag);
            extract.NotPersonal = vouched;
            Assert.Equal(1, (await run.ExecuteAsync<SqlToS3Result>(extract)).Rows);
        }

        // Parts are queries around the author's: its other columns still go, and the hidden one does not.
        var several = Extract("SELECT id, email AS e FROM customers", "email");
        (several.Readers, several.PartitionBy) = kind == "sqlite" ? (1, null) : (2, "id");
        await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(several));
        several.Mask = new() { ["e"] = "null" };
        Assert.Equal(1, (await run.ExecuteAsync<SqlToS3Result>(several)).Rows);
    }

    [Fact]
    public async Task Redshift_does_not_tell_so_only_tables_and_what_is_vouched_for_go()
    {
        await using var road = await RedshiftRoad.StartAsync();
        await road.ExecuteAsync("CREATE TABLE customers (id int, name varchar(50), email varchar(50))");
        await road.ExecuteAsync("INSERT INTO customers VALUES (1, 'Kim', 'kim@example.com')");
        foreach (var query in new[] { "SELECT email AS e FROM customers", "SELECT id FROM customers", "SELECT * FROM customers" })
        {
            await Assert.ThrowsAsync<TaskFailedException>(() => road.Run.ExecuteAsync(Extract(query, "email")));
        }

        var extract = Extract("SELECT id, email AS e FROM customers", "email");
        extract.Mask = new() { ["e"] = "null" };
        extract.NotPersonal = ["id"];
        Assert.Equal(1, (await road.Run.ExecuteAsync<SqlToS3Result>(extract)).Rows);

        var table = Extract("", "customers.email");
        (table.Query, table.Table) = (null, "customers");
        Assert.Contains("email (customers.email)", (await Assert.ThrowsAsync<TaskFailedException>(() => road.Run.ExecuteAsync(table))).Message, StringComparison.Ordinal);
        table.Exclude = ["email"];
        Assert.Equal(1, (await road.Run.ExecuteAsync<SqlToS3Result>(table)).Rows);
    }

    private SqlToS3Operator Extract(string query, string tag) =>
        new() { Query = query, SqlConnectionId = "db", Uri = _folder.Uri("out.csv"), Replace = true, PersonalColumns = [tag] };

    private async Task<TaskRun> SourceAsync(string kind)
    {
        var run = new TaskRun().With("db", kind switch
        {
            "mysql" => await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync(),
            "postgres" => await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync(),
            _ => _folder.SqliteUri("source.db"),
        });
        const string Columns = "id int, name varchar(50), email varchar(50)";
        await run.ExecuteSqlAsync(
            "db",
            (kind == "postgres"
                ? $"""
                   CREATE TABLE customers ({Columns}) PARTITION BY RANGE (id); CREATE TABLE customers_old PARTITION OF customers DEFAULT;
                   CREATE FUNCTION leak() RETURNS SETOF text LANGUAGE sql AS 'SELECT email FROM customers';
                   """
                : $"CREATE TABLE customers ({Columns});")
            + "CREATE VIEW mails AS SELECT id, email AS e FROM customers; CREATE VIEW lows AS SELECT LOWER(e) AS l FROM mails;"
            + "INSERT INTO customers VALUES (1, 'Kim', 'kim@example.com')");
        return run;
    }
}
