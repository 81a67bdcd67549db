using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.JsonLines;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Tests.Extraction;

public sealed class JsonLinesTests
{
    [Fact]
    public async Task Each_row_is_an_object_with_exact_numbers() =>
        Assert.Equal(
            """
            {"id":18446744073709551615,"price":-12345678901234567890.123456789,"ok":true,"at":"2021-02-05 10:00:00","note":null}
            {"id":"007","price":"NaN","ok":false,"at":"","note":"two\nlines \"quoted\" \\ \t 가"}

            """.ReplaceLineEndings("\n"),
            await WriteAsync(
                [SqlColumnKind.Integer, SqlColumnKind.Decimal, SqlColumnKind.Boolean, SqlColumnKind.Timestamp, SqlColumnKind.Text],
                ["id", "price", "ok", "at", "note"],
                ["18446744073709551615", "-12345678901234567890.123456789", "true", "2021-02-05 10:00:00", null],
                ["007", "NaN", "false", "", "two\nlines \"quoted\" \\ \t 가"]));

    [Fact]
    public async Task Any_text_comes_back_from_a_json_reader()
    {
        var text = Gen.ArrayOf(Gen.Elements('a', '"', '\\', '\n', '\r', '\t', '\u0001', '\u001f', '/', '가', '\u2028', ' ')).Select(c => new string(c));
        await Task.Run(() => Prop.ForAll(text.ToArbitrary(), value =>
        {
            var line = WriteAsync([SqlColumnKind.Text], ["c \"x\""], [value]).GetAwaiter().GetResult();
            using var read = JsonDocument.Parse(line);
            return line.Count(c => c == '\n') == 1 && read.RootElement.GetProperty("c \"x\"").GetString() == value;
        }).QuickCheckThrowOnFailure());
    }

    [Fact]
    public async Task A_large_text_comes_back_whose_every_character_is_escaped()
    {
        var value = string.Concat(Enumerable.Repeat("\u0001\"\\\n", 25_000)); // each takes two bytes or six
        using var read = JsonDocument.Parse(await WriteAsync([SqlColumnKind.Text], ["c"], [value]));
        Assert.Equal(value, read.RootElement.GetProperty("c").GetString());
    }

    // SQLite keeps any text in a column of numbers.
    [Theory]
    [InlineData("12abc")]
    [InlineData("2021-02-05")]
    [InlineData("0x1F")]
    [InlineData("1 2")]
    [InlineData("-")]
    [InlineData("1e")]
    [InlineData("1.5.2")]
    [InlineData("1,\"admin\":true")]
    public async Task What_only_begins_like_a_number_is_text(string value)
    {
        using var read = JsonDocument.Parse(await WriteAsync([SqlColumnKind.Integer], ["n"], [value]));
        Assert.Equal(value, read.RootElement.GetProperty("n").GetString());
        Assert.Single(read.RootElement.EnumerateObject());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-0.50")]
    [InlineData("1E+20")]
    [InlineData("1.5e-7")]
    [InlineData("1e15")]
    public async Task A_number_is_none(string value)
    {
        using var read = JsonDocument.Parse(await WriteAsync([SqlColumnKind.Float], ["n"], [value]));
        Assert.Equal(value, read.RootElement.GetProperty("n").GetRawText());
    }

    [Fact]
    public async Task Two_columns_of_one_name_are_refused() =>
        Assert.Contains(
            "column id twice",
            (await Assert.ThrowsAsync<TaskFailedException>(() => WriteAsync([SqlColumnKind.Integer, SqlColumnKind.Integer], ["id", "id"]))).Message,
            StringComparison.Ordinal);

    private static async Task<string> WriteAsync(SqlColumnKind[] kinds, string[] names, params string?[][] rows)
    {
        using var written = new MemoryStream();
        await using var sink = new JsonLinesRowSink(_ => ValueTask.FromResult<Stream>(written), gzip: false);
        sink.Begin([.. kinds.Zip(names, (kind, name) => new SqlColumn(name, "", kind))]);
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

        await sink.CompleteAsync(CancellationToken.None);
        return Encoding.UTF8.GetString(written.ToArray());
    }
}
