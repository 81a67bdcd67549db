using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Sluice.Services.Redshift.Copying;

namespace Sluice.Services.Redshift.Unloading;

/// <summary>Runs one UNLOAD: PostgreSQL gives the rows, and each slice stores its own object.</summary>
internal sealed class UnloadCommand(RedshiftSession session, UnloadStatement unload)
{
    private const int Slices = 2;

    /// <returns>What the client is told.</returns>
    /// <exception cref="RedshiftException">It was refused.</exception>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        var query = session.NextQuery();
        using var s3 = new S3Fetcher(session.S3, session.Settings, unload.Authorization, unload.Region, session.User, query);
        var rows = await session.QueryAsync(unload.Query, withNames: true);
        var slices = unload.Parallel ? Slices : 1;
        if (!unload.AllowOverwrite && (await s3.ListAsync(unload.To, cancellationToken)).Count > 0)
        {
            throw RedshiftException.Internal($"Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option.", 8001, $"Listing bucket={unload.To.Bucket}", query);
        }

        var written = new List<(S3Address Address, int Length, int Records)>();
        for (var slice = 0; slice < slices; slice++)
        {
            var name = unload.Parallel ? $"{slice:d4}_part_00" : "000";
            var address = unload.To with { Key = unload.To.Key + name + (unload.Gzip ? ".gz" : "") };
            var (content, records) = Content(rows, slice, slices);
            await s3.WriteAsync(address, content, cancellationToken);
            written.Add((address, content.Length, records));
        }

        if (unload.Manifest)
        {
            object entries = unload.Verbose ? Verbose(written, rows[0]) : new { entries = written.Select(one => new { url = one.Address.ToString() }) };
            await s3.WriteAsync(unload.To with { Key = unload.To.Key + "manifest" }, JsonSerializer.SerializeToUtf8Bytes(entries), cancellationToken);
        }

        session.Translator.LastUnloadCount = rows.Count - 1;
        session.Notice($"UNLOAD completed, {rows.Count - 1} record(s) unloaded successfully.");
        return "UNLOAD";
    }

    private static object Verbose(List<(S3Address Address, int Length, int Records)> written, string?[] names) => new
    {
        entries = written.Select(one => new { url = one.Address.ToString(), meta = new { content_length = one.Length, record_count = one.Records } }),
        schema = new { elements = names.Select(name => new { name }) }, // Redshift tells types here, too
        meta = new { content_length = written.Sum(one => one.Length), record_count = written.Sum(one => one.Records) },
        author = new { name = "Amazon Redshift", version = "1.0.0" },
    };

    // With how many lines: a header counts as one.
    private (byte[] Content, int Records) Content(List<string?[]> rows, int slice, int slices)
    {
        var (text, records) = (new StringBuilder(), 0);
        var header = unload.Header && (rows.Count > 1 || !session.Settings.LeavesEmptyUnloadsEmpty);
        for (var i = header ? 0 : 1; i < rows.Count; i++)
        {
            if (i == 0 || (i - 1) % slices == slice)
            {
                text.AppendJoin(unload.FieldDelimiter, rows[i].Select(Field)).Append('\n');
                records++;
            }
        }

        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        if (!unload.Gzip)
        {
            return (bytes, records);
        }

        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return (packed.ToArray(), records);
    }

    // NULL and an empty text look alike unless NULL AS tells them apart.
    private string Field(string? value)
    {
        if (value is null)
        {
            return unload.NullText;
        }

        if (unload.Csv)
        {
            return value.AsSpan().IndexOfAny([unload.FieldDelimiter, '"', '\n', '\r']) >= 0 ? Quoted(value) : value;
        }

        if (unload.Escape)
        {
            value = string.Concat(value.Select(one => one is '\\' or '"' or '\'' or '\n' or '\r' || one == unload.FieldDelimiter ? $"\\{one}" : $"{one}"));
        }

        return unload.AddQuotes ? Quoted(value) : value;
    }

    private static string Quoted(string value) => $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
