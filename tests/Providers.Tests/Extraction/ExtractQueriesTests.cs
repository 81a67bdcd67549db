using FsCheck;
using FsCheck.Fluent;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Providers.Sqlite.Hooks;
using Sluice.Providers.Tests.MySql;

namespace Sluice.Providers.Tests.Extraction;

public sealed class ExtractQueriesTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Parts_hold_every_row_once_wherever_the_numbers_lie()
    {
        await using var sqlite = new SqliteHook(ConnectionUri.Parse("db", $"sqlite://{_folder.Path}/rows.db"));
        await sqlite.ExecuteAsync("CREATE TABLE t (k INTEGER, n INTEGER)", null, CancellationToken.None);
        var keys = Gen.Frequency(
            (1, Gen.Constant<long?>(null)),
            (4, Gen.Choose(-20, 20).Select(n => (long?)n)),
            (1, Gen.Elements<long?>(long.MaxValue - 1, long.MinValue + 1, 1_000_000_007)));
        var cases = Gen.ArrayOf(keys).Zip(Gen.Choose(1, 9)).Zip(Gen.Elements(PartitionMethod.Range, PartitionMethod.Modulus));

        await Task.Run(() => Prop.ForAll(
            cases.ToArbitrary(),
            c => HoldsEveryRowOnceAsync(sqlite, c.Item1.Item1, c.Item1.Item2, c.Item2).GetAwaiter().GetResult()).QuickCheckThrowOnFailure());
    }

    private static async Task<bool> HoldsEveryRowOnceAsync(SqliteHook sqlite, long?[] keys, int readers, PartitionMethod method)
    {
        await sqlite.ExecuteAsync("DELETE FROM t", null, CancellationToken.None);
        for (var i = 0; i < keys.Length; i++)
        {
            await sqlite.ExecuteAsync($"INSERT INTO t VALUES ({keys[i]?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "NULL"}, {i})", null, CancellationToken.None);
        }

        var request = Request() with { Table = "t", PartitionBy = "k", Readers = readers, PartitionMethod = method };
        var known = keys.OfType<long>().ToList();
        var queries = method == PartitionMethod.Range
            ? ExtractQueries.Ranges(request, "sqlite", known.Count == 0 ? null : known.Min(), known.Count == 0 ? null : known.Max())
            : ExtractQueries.Remainders(request, "sqlite");
        var read = new List<string?>();
        foreach (var query in queries)
        {
            var rows = new RowList();
            await sqlite.ExtractAsync(query, null, rows, CancellationToken.None);
            read.AddRange(rows.Rows.Select(row => row[1]));
        }

        return read.Select(n => int.Parse(n!, System.Globalization.CultureInfo.InvariantCulture)).Order().SequenceEqual(Enumerable.Range(0, keys.Length));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("SELECT 1", "t")]
    [InlineData("  ", "")]
    public void Neither_or_both_of_query_and_table_are_refused(string? query, string? table) =>
        Assert.Contains(
            "either Query or Table",
            Assert.Throws<TaskFailedException>(() => ExtractQueries.Whole(Request() with { Query = query, Table = table }, "mysql")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_comment_in_the_last_line_of_a_query_hides_nothing_behind_it() =>
        Assert.Equal(
            "SELECT MIN(`id`), MAX(`id`) FROM (\nSELECT * FROM t -- all of it\n) AS `q`",
            ExtractQueries.Bounds(Request() with { Query = "SELECT * FROM t -- all of it ;", PartitionBy = "id" }, "mysql"));

    private static ExtractRequest Request() => new() { Uri = ObjectUri.Parse("file:///nowhere/x"), Store = null!, WrittenBy = "test" };
}
