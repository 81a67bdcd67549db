using System.IO.Compression;
using System.Text;

namespace Sluice.Services.Redshift.Copying;

/// <summary>Runs one COPY: fetches, reads, and feeds PostgreSQL's own COPY inside the session's transaction.</summary>
internal sealed class CopyCommand(RedshiftSession session, CopyStatement copy)
{
    private const int MaxRecorded = 100;

    private readonly FieldConverter _converter = new(copy);
    private readonly List<RejectedRow> _rejected = [];
    private readonly MemoryStream _out = new();
    private long _rows;
    private long _rejectedCount;
    private long? _dropAt;

    /// <returns>What the client is told.</returns>
    /// <exception cref="RedshiftException">It was refused, or a row does not fit. The transaction has failed.</exception>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        var query = session.NextQuery();
        var columns = await DescribeAsync();
        using var s3 = new S3Fetcher(session.S3, session.Settings, copy.Authorization, copy.Region, session.User, query);
        var files = await s3.FindAsync(copy, cancellationToken);

        session.Translator.LastCopyId = query; // the load begins
        _dropAt = session.Faults.Take("copy", FaultKind.DropAtRow)?.Row;
        await session.BeginCopyInAsync($"COPY {copy.Table} ({string.Join(", ", columns.Select(column => Sql.Translator.Quote(column.Name)))}) FROM STDIN");
        try
        {
            foreach (var file in files)
            {
                await LoadAsync(s3, file, columns, cancellationToken);
            }
        }
        catch (Exception e) when (e is not DroppedException)
        {
            await session.FailCopyInAsync();
            await WriteErrorsAsync(query);
            throw e is OperationCanceledException ? new RedshiftException($"Query ({query}) cancelled on user's request", "57014") : e;
        }

        await FlushAsync();
        await session.EndCopyInAsync();
        await WriteErrorsAsync(query);
        session.Translator.LastCopyCount = _rows;
        if (copy.StatUpdate)
        {
            await session.RunAsync($"ANALYZE {copy.Table}");
        }

        session.Notice($"Load into table '{PlainName()}' completed, {_rows} record(s) loaded successfully.");
        if (_rejectedCount > 0)
        {
            session.Notice($"Load into table '{PlainName()}' completed, {_rejectedCount} record(s) could not be loaded.  Check 'stl_load_errors' system table for details.");
        }

        return "COPY";
    }

    private async Task<IReadOnlyList<TargetColumn>> DescribeAsync()
    {
        var found = await session.QueryAsync(
            $"""
             SELECT attname, format_type(atttypid, atttypmod), attnotnull::text, attidentity <> ''
             FROM pg_attribute WHERE attrelid = {Sql.Translator.Literal(copy.Table)}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
             """);
        var known = found.ToDictionary(row => row[0]!);
        var names = copy.Columns.Count > 0 ? copy.Columns : [.. found.Where(row => row[3] != "t" || copy.ExplicitIds).Select(row => row[0]!)];
        return
        [
            .. names.Select(name => known.TryGetValue(name, out var row)
                ? row[3] == "t" && !copy.ExplicitIds
                    ? throw new RedshiftException($"cannot set an identity column to a value", "42601")
                    : TargetColumn.Of(name, row[1]!, row[2] == "true")
                : throw new RedshiftException($"column \"{name}\" of relation {copy.Table} does not exist", "42703")),
        ];
    }

    private async Task LoadAsync(S3Fetcher s3, S3Address file, IReadOnlyList<TargetColumn> columns, CancellationToken cancellationToken)
    {
        await using var body = await s3.OpenAsync(file, cancellationToken);
        await using var plain = copy.Gzip ? new GZipStream(body, CompressionMode.Decompress) : body;
        var row = new CopyRow();
        Func<bool> read;
        if (copy.Format == CopyFormat.Json)
        {
            var whole = new MemoryStream();
            await plain.CopyToAsync(whole, cancellationToken);
            var reader = new JsonReader(whole.ToArray(), copy, columns);
            read = () => reader.Read(row);
        }
        else
        {
            var reader = new DelimitedReader(plain, copy);
            read = () => reader.Read(row);
        }

        try
        {
            for (var skipped = 0; skipped < copy.IgnoreHeader && copy.Format != CopyFormat.Json && read();)
            {
                skipped++;
            }

            while (read())
            {
                await TakeAsync(file, row, columns, cancellationToken);
            }
        }
        catch (InvalidDataException e)
        {
            throw new RedshiftException($"Unable to uncompress {file}: {e.Message}");
        }
    }

    private async ValueTask TakeAsync(S3Address file, CopyRow row, IReadOnlyList<TargetColumn> columns, CancellationToken cancellationToken)
    {
        if (copy.IgnoreBlankLines && row.IsBlank)
        {
            return;
        }

        var start = _out.Length;
        if (Write(row, columns) is var (error, column))
        {
            _out.SetLength(start);
            var index = column is null ? int.MaxValue : columns.TakeWhile(one => one != column).Count();
            Reject(new(error, file.ToString(), row.Line, column, row.RawLine, index < row.Count ? Encoding.UTF8.GetString(row[index]) : ""));
            return;
        }

        _rows++;
        if (_rows == _dropAt)
        {
            throw new DroppedException();
        }

        if (_out.Length > 64 * 1024)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await FlushAsync();
        }
    }

    // Null when the row fits.
    private (LoadError, TargetColumn?)? Write(CopyRow row, IReadOnlyList<TargetColumn> columns)
    {
        if (row.Error is { } broken)
        {
            return (broken, null);
        }

        if (row.Count > columns.Count)
        {
            return (LoadError.ExtraColumns, null);
        }

        if (row.Count < columns.Count && !copy.FillRecord)
        {
            return (LoadError.MissingDelimiter, columns[row.Count]);
        }

        for (var i = 0; i < columns.Count; i++)
        {
            if (i > 0)
            {
                _out.WriteByte((byte)'\t');
            }

            if (i >= row.Count || row.IsNull(i) || _converter.IsNull(row[i], columns[i]))
            {
                if (columns[i].NotNull)
                {
                    return (LoadError.NullRefused, columns[i]);
                }

                _out.Write("\\N"u8);
                continue;
            }

            if (_converter.Convert(row[i], columns[i], out var error) is not { } converted)
            {
                return (error!, columns[i]);
            }

            _out.Write(converted);
        }

        _out.WriteByte((byte)'\n');
        return null;
    }

    private void Reject(RejectedRow row)
    {
        _rejectedCount++;
        if (_rejected.Count < MaxRecorded)
        {
            _rejected.Add(row);
        }

        // MAXERROR is the count at which the load fails; 0 and 1 are the same.
        if (_rejectedCount >= Math.Max(1, copy.MaxErrors))
        {
            throw new RedshiftException($"Load into table '{PlainName()}' failed.  Check 'stl_load_errors' system table for details.");
        }
    }

    private async Task FlushAsync()
    {
        await session.SendCopyDataAsync(_out.ToArray());
        _out.SetLength(0);
    }

    private async Task WriteErrorsAsync(int query)
    {
        if (_rejected.Count > 0)
        {
            await session.SystemTables.WriteAsync(session.Database, session.Pid, query, copy.Table, _rejected);
        }
    }

    private string PlainName() => copy.Table[(copy.Table.LastIndexOf("\".\"", StringComparison.Ordinal) is var dot and >= 0 ? dot + 3 : 1)..^1];
}
