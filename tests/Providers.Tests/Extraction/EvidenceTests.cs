using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;

namespace Sluice.Providers.Tests.Extraction;

public sealed class EvidenceTests
{
    [Fact]
    public void Neither_the_order_of_rows_nor_how_they_are_split_counts_and_any_value_does()
    {
        var cell = Gen.Frequency((1, Gen.Constant<string?>(null)), (5, Gen.Choose(-30, 30).Select(n => (string?)$"{n}")), (1, Gen.Elements<string?>("", "a", "ab", "longer than eight bytes")));
        var rows = Gen.ArrayOf(Gen.ArrayOf(cell, 3));
        Prop.ForAll(
            rows.Zip(Gen.Choose(0, 1000)).ToArbitrary(),
            c =>
            {
                var (given, seed) = (c.Item1, c.Item2);
                var shuffled = given.ToArray();
                new Random(seed).Shuffle(shuffled);
                var cut = given.Length == 0 ? 0 : seed % given.Length;
                var whole = See(given).Evidence;
                var parts = EvidenceSink.Merge([See(shuffled[..cut]), See(shuffled[cut..])]);
                var changed = given.Select(row => row.ToArray()).ToArray();
                if (changed.Length > 0)
                {
                    changed[cut][1] = changed[cut][1] is null ? "" : null;
                }

                return EvidenceComparison.Differences("a", whole, "b", parts).Count == 0
                    && whole.Hash == parts.Hash
                    && (given.Length == 0 || EvidenceComparison.Differences("a", whole, "b", See(changed).Evidence).Count > 0);
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Values_that_change_places_are_seen()
    {
        var straight = See([["1", "2", "x"]]).Evidence;

        Assert.NotEqual(straight.Hash, See([["2", "1", "x"]]).Evidence.Hash);
        Assert.NotEqual(See([["1", "", null]]).Evidence.Hash, See([["1", null, ""]]).Evidence.Hash);
        Assert.NotEqual(See([["1", "ab", "c"]]).Evidence.Hash, See([["1", "a", "bc"]]).Evidence.Hash);
    }

    [Theory]
    [InlineData(SqlColumnKind.Decimal, "1.50", "1.5")]
    [InlineData(SqlColumnKind.Decimal, "-0.00", "0")]
    [InlineData(SqlColumnKind.Decimal, "0012.10", "12.1")]
    [InlineData(SqlColumnKind.Decimal, "-0012.10", "-12.1")]
    [InlineData(SqlColumnKind.Decimal, "1E-05", "0.00001")]
    [InlineData(SqlColumnKind.Decimal, "-1.25e+3", "-1250")]
    [InlineData(SqlColumnKind.Decimal, "1.2345e2", "123.45")]
    [InlineData(SqlColumnKind.Integer, "1E+20", "100000000000000000000")]
    [InlineData(SqlColumnKind.Integer, "0042", "42")]
    [InlineData(SqlColumnKind.Integer, "1", "true")]
    [InlineData(SqlColumnKind.Float, "1e3", "1000")]
    [InlineData(SqlColumnKind.Float, "-0", "0")]
    [InlineData(SqlColumnKind.Single, "0.1", "0.100000001")]
    [InlineData(SqlColumnKind.Single, "9.007199e15", "9.0071993E+15")]
    [InlineData(SqlColumnKind.Single, "-0", "0")]
    [InlineData(SqlColumnKind.Timestamp, "2021-02-05 10:00:00.120000", "2021-02-05 10:00:00.12")]
    [InlineData(SqlColumnKind.Timestamp, "2021-02-05 00:00:00.000", "2021-02-05")]
    [InlineData(SqlColumnKind.Timestamp, "2021-02-05 10:00:00+00", "2021-02-05 10:00:00")]
    [InlineData(SqlColumnKind.Time, "10:00:00.500", "10:00:00.5")]
    [InlineData(SqlColumnKind.Boolean, "t", "true")]
    public void The_same_value_printed_in_two_ways_is_the_same(SqlColumnKind kind, string one, string other) =>
        Assert.Equal(See([[one]], kind).Evidence, See([[other]], kind).Evidence, (a, b) => a.Hash == b.Hash && EvidenceComparison.Differences("a", a, "b", b).Count == 0);

    [Theory]
    [InlineData(SqlColumnKind.Decimal, "1.5", "1.51")]
    [InlineData(SqlColumnKind.Decimal, "1000", "100")]
    [InlineData(SqlColumnKind.Text, "1.50", "1.5")]
    [InlineData(SqlColumnKind.Text, "", " ")]
    [InlineData(SqlColumnKind.Timestamp, "2021-02-05 10:00:00", "2021-02-05 10:00:01")]
    [InlineData(SqlColumnKind.Float, "1", "1.0000000000000002")]
    [InlineData(SqlColumnKind.Float, "0.1", "0.100000001")]
    [InlineData(SqlColumnKind.Single, "0.1", "0.10000001")]
    [InlineData(SqlColumnKind.Single, "16777216", "16777218")]
    public void Different_values_differ(SqlColumnKind kind, string one, string other) =>
        Assert.NotEqual(See([[one]], kind).Evidence.Hash, See([[other]], kind).Evidence.Hash);

    [Fact]
    public void Numbers_are_compared_by_value()
    {
        var number = Gen.Choose(-100_000, 100_000).SelectMany(n => Gen.Elements(1m, 10m, 1000m).Select(by => n / by));
        Prop.ForAll(
            number.Zip(number).ToArbitrary(),
            pair => Math.Sign(CanonicalValue.CompareNumbers(Canonical(pair.Item1), Canonical(pair.Item2))) == pair.Item1.CompareTo(pair.Item2))
            .QuickCheckThrowOnFailure();

        static byte[] Canonical(decimal value) => CanonicalValue.Number(Encoding.UTF8.GetBytes(value.ToString(System.Globalization.CultureInfo.InvariantCulture))).ToArray();
    }

    [Theory]
    [InlineData(SqlColumnKind.Decimal, "-Infinity", "-10", "9.5", "10", "Infinity", "NaN")]
    [InlineData(SqlColumnKind.Decimal, "-1E+16", "-0.00002", "1E-05", "9.5", "1.5E+15")]
    [InlineData(SqlColumnKind.Timestamp, "-infinity", "0753-04-21 BC", "0044-03-15 BC", "0044-03-15 12:00:00 BC", "0044-03-15", "2021-02-05", "2021-02-05 10:00:00", "9999-12-31", "10000-01-01", "294276-12-31 23:59:59", "infinity")]
    public void The_least_and_the_greatest_are_those_of_PostgreSQL(SqlColumnKind kind, params string[] ascending)
    {
        for (var from = 0; from < ascending.Length; from++)
        {
            for (var to = from; to < ascending.Length; to++)
            {
                var seen = See([[ascending[to]], [ascending[from]]], kind).Evidence.Columns[0];
                Assert.Equal(See([[ascending[from]]], kind).Evidence.Columns[0].Min, seen.Min);
                Assert.Equal(See([[ascending[to]]], kind).Evidence.Columns[0].Max, seen.Max);
            }
        }
    }

    [Fact]
    public void The_hash_never_changes_between_builds() =>
        Assert.Equal("a00e0e7a584a29cf9838f5b21d8a9a08", See([["1", "a", null], ["-7", "longer than eight bytes", ""]]).Evidence.Hash);

    [Fact]
    public void Differences_are_told_by_column()
    {
        var left = See([["1"], ["5"], [null]], SqlColumnKind.Integer).Evidence;
        var right = See([["1"], ["4"]], SqlColumnKind.Integer).Evidence;

        Assert.Equal(
            ["the source has 3 rows, table nps 2", "column c0 has 1 NULLs in the source, 0 in table nps", "column c0 has 5 as greatest value in the source, 4 in table nps"],
            EvidenceComparison.Differences("the source", left, "table nps", right));
    }

    private static EvidenceSink See(string?[][] rows) => See(rows, SqlColumnKind.Integer, SqlColumnKind.Text, SqlColumnKind.Text);

    private static EvidenceSink See(string?[][] rows, params SqlColumnKind[] kinds)
    {
        var sink = new EvidenceSink(null);
        sink.Begin([.. kinds.Select((kind, i) => new SqlColumn($"c{i}", "", kind))]);
        foreach (var row in rows)
        {
            foreach (var value in row)
            {
                if (value is null)
                {
                    sink.WriteNull();
                }
                else
                {
                    sink.WriteValue(Encoding.UTF8.GetBytes(value));
                }
            }

            sink.EndRow();
        }

        return sink;
    }
}
