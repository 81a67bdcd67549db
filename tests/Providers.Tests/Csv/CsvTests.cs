using System.IO.Compression;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Authoring.Csv;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Tests.Csv;

public sealed class CsvTests
{
    private static readonly CsvFormat Plain = new() { Header = false };

    [Fact]
    public async Task A_null_is_nothing_and_an_empty_string_stands_in_quotes() =>
        Assert.Equal("1,,\"\"\n", await WriteAsync(Plain, [["1", null, ""]]));

    [Fact]
    public async Task Delimiters_quotes_and_line_ends_are_quoted_and_nothing_else() =>
        Assert.Equal(
            "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"cr\rhere\", 한국어 \n",
            await WriteAsync(Plain, [["a,b", "say \"hi\"", "two\nlines", "cr\rhere", " 한국어 "]]));

    [Fact]
    public async Task All_values_but_NULL_are_quoted_where_that_is_asked_for() =>
        Assert.Equal("\"c0\",\"c1\"\n\"1\",\n\"say \"\"hi\"\"\",\"\"\n", await WriteAsync(new() { Quoting = CsvQuoting.All }, [["1", null], ["say \"hi\"", ""]], columns: 2));

    [Fact]
    public async Task A_value_that_reads_as_the_null_marker_is_quoted() =>
        Assert.Equal("NULL;\"NULL\";\"\"\n", await WriteAsync(Plain with { NullMarker = "NULL", Delimiter = ';' }, [[null, "NULL", ""]]));

    [Fact]
    public async Task The_header_is_there_also_without_rows() =>
        Assert.Equal("c0,c1\n", await WriteAsync(new(), [], columns: 2));

    [Fact]
    public async Task What_is_written_is_read_back()
    {
        var text = Gen.Frequency(
            (1, Gen.Constant<string?>(null)),
            (6, Gen.ArrayOf(Gen.Elements('a', ',', '"', '\n', '\r', '\\', 'N', '.', '가', ';', ' ', '\uFEFF')).Select(c => (string?)new string(c))));
        var rows = Gen.Choose(1, 5).SelectMany(width => Gen.ArrayOf(Gen.ArrayOf(text, width)));
        var formats = from gzip in Gen.Elements(true, false)
                      from delimiter in Gen.Elements(',', ';', '\t')
                      from marker in Gen.Elements("", "\\N", "NULL")
                      from quoting in Gen.Elements(CsvQuoting.Minimal, CsvQuoting.All)
                      select new CsvFormat { Header = false, Gzip = gzip, Delimiter = delimiter, NullMarker = marker, Quoting = quoting };
        var cases = rows.Zip(formats);

        await Task.Run(() => Prop.ForAll(
            cases.ToArbitrary(),
            c => ReadAsync(c.Item2, WriteBytesAsync(c.Item2, c.Item1, c.Item1.FirstOrDefault()?.Length ?? 1).Result, chunk: 3).Result.SequenceEqual(c.Item1, new RowComparer()))
            .QuickCheckThrowOnFailure());
    }

    [Fact]
    public async Task Rows_larger_than_the_buffers_go_through()
    {
        string?[][] rows = [[new('x', 700_000), null], [string.Concat(Enumerable.Repeat("\"가\n", 100_000)), ""]];

        Assert.Equal(rows, await ReadAsync(Plain, await WriteBytesAsync(Plain, rows, 2), chunk: 10_000));
    }

    [Fact]
    public async Task Foreign_files_are_read_with_carriage_returns_a_byte_order_mark_and_no_last_line_end() =>
        Assert.Equal(
            [["id", "name"], ["1", "a\r\nb"], ["2", null]],
            await ReadAsync(Plain, Encoding.UTF8.GetBytes("\uFEFFid,name\r\n1,\"a\r\nb\"\r\n2,"), chunk: 1));

    [Fact]
    public async Task A_value_that_begins_like_a_byte_order_mark_keeps_it() =>
        Assert.Equal([["\uFEFFa", "\uFEFF"]], await ReadAsync(Plain, await WriteBytesAsync(Plain, [["\uFEFFa", "\uFEFF"]], 2), chunk: 100));

    [Fact]
    public async Task A_quote_that_is_never_closed_is_told_with_its_record()
    {
        var e = await Assert.ThrowsAsync<TaskFailedException>(() => ReadAsync(Plain, "a\n\"b\nc\n"u8.ToArray(), chunk: 100));

        Assert.Equal("A quote in record 2 is never closed.", e.Message);
    }

    [Fact]
    public async Task A_torn_gzip_file_is_an_error_and_not_an_early_end()
    {
        var format = Plain with { Gzip = true };
        var whole = await WriteBytesAsync(format, [.. Enumerable.Range(0, 5000).Select(i => new string?[] { $"{i * 7919}" })], 1);

        await Assert.ThrowsAsync<TaskFailedException>(() => ReadAsync(format, whole[..(whole.Length / 2)], chunk: 1000));
    }

    [Theory]
    [InlineData('"', "")]
    [InlineData('가', "")]
    [InlineData(',', "a,b")]
    [InlineData(',', "\\.")]
    public void A_format_that_contradicts_itself_is_refused(char delimiter, string nullMarker) =>
        Assert.Throws<TaskFailedException>(() => new CsvRowSink(Stream.Null, new() { Delimiter = delimiter, NullMarker = nullMarker }));

    private static async Task<string> WriteAsync(CsvFormat format, string?[][] rows, int columns = 0) =>
        Encoding.UTF8.GetString(await WriteBytesAsync(format, rows, columns == 0 ? rows[0].Length : columns));

    private static async Task<byte[]> WriteBytesAsync(CsvFormat format, string?[][] rows, int columns)
    {
        using var memory = new MemoryStream();
        await using var sink = new CsvRowSink(memory, format);
        sink.Begin([.. Enumerable.Range(0, columns).Select(i => new SqlColumn($"c{i}", "text", SqlColumnKind.Text))]);
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

            if (sink.EndRow())
            {
                await sink.FlushAsync(CancellationToken.None);
            }
        }

        await sink.CompleteAsync(CancellationToken.None);
        return memory.ToArray();
    }

    private static async Task<string?[][]> ReadAsync(CsvFormat format, byte[] bytes, int chunk)
    {
        await using var reader = new CsvReader(new Trickle(bytes, chunk), format);
        var rows = new List<string?[]>();
        while (await reader.ReadAsync(CancellationToken.None))
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsNull(i) ? null : Encoding.UTF8.GetString(reader[i]))]);
        }

        return [.. rows];
    }

    private sealed class Trickle(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }

    private sealed class RowComparer : IEqualityComparer<string?[]>
    {
        public bool Equals(string?[]? x, string?[]? y) => x!.SequenceEqual(y!);

        public int GetHashCode(string?[] obj) => obj.Length;
    }
}
