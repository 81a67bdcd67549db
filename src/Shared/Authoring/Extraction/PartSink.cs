using Sluice.Authoring.Csv;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.JsonLines;
using Sluice.Authoring.Rows;

namespace Sluice.Authoring.Extraction;

/// <summary>Writes the rows of one part into objects, a new one after so many rows. An object is begun when its first rows are due.</summary>
/// <param name="request">How to write.</param>
/// <param name="limit">Shared by all readers.</param>
/// <param name="open">Opens the n-th object.</param>
internal sealed class PartSink(ExtractRequest request, RateLimit limit, Func<int, CancellationToken, ValueTask<IObjectWrite>> open) : IRowSink, IAsyncDisposable
{
    private readonly List<WrittenObject> _written = [];
    private IObjectWrite? _write;
    private RowFileSink? _file;
    private long? _mostRows;
    private long _toldRows;
    private long _toldBytes;

    /// <summary>Objects that are whole in the store.</summary>
    internal IReadOnlyList<WrittenObject> Written => _written;

    /// <summary>Columns of the rows, once they are known.</summary>
    internal IReadOnlyList<SqlColumn> Columns { get; private set; } = [];

    public void Begin(IReadOnlyList<SqlColumn> columns)
    {
        Columns = columns;
        _file = NextFile(); // a name that the format cannot hold is told before the first row
    }

    public void WriteNull() => _file!.WriteNull();

    public void WriteValue(ReadOnlySpan<byte> utf8) => _file!.WriteValue(utf8);

    public bool EndRow() => _file!.EndRow() || _file.Rows == _mostRows;

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _file!.FlushAsync(cancellationToken);
        if (limit.Applies)
        {
            var (rows, bytes) = (_file.Rows - _toldRows, _file.Bytes - _toldBytes);
            (_toldRows, _toldBytes) = (_file.Rows, _file.Bytes);
            await limit.WaitAsync(rows, bytes, cancellationToken);
        }

        if (_file.Rows == _mostRows)
        {
            await PublishAsync(cancellationToken);
            _file = NextFile();
        }
    }

    /// <summary>Ends the last object.</summary>
    /// <param name="evenEmpty">Writes an object also when there was no row at all.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    internal async ValueTask CompleteAsync(bool evenEmpty, CancellationToken cancellationToken)
    {
        if (_file!.Rows > 0 || (evenEmpty && _written.Count == 0))
        {
            await PublishAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_file is not null)
        {
            await _file.DisposeAsync(); // first: it may still write
        }

        if (_write is not null)
        {
            await _write.DisposeAsync();
        }
    }

    private async ValueTask PublishAsync(CancellationToken cancellationToken)
    {
        await _file!.CompleteAsync(cancellationToken);
        var stored = await _write!.CommitAsync(cancellationToken);
        _written.Add(new(stored, _file.Rows));
        request.Feed?.Add(stored.Uri, ExtractManifest.Origin(request, Columns, evidence: null));
        await DisposeAsync();
        (_file, _write) = (null, null);
    }

    private RowFileSink NextFile()
    {
        (_toldRows, _toldBytes) = (0, 0);
        _mostRows = request.MaxRowsPerFile ?? request.Feed?.NextRows();
        RowFileSink file = request.Format == FileFormat.Csv
            ? new CsvRowSink(OpenAsync, request.Csv)
            : new JsonLinesRowSink(OpenAsync, request.Csv.Gzip);
        file.Begin(Columns);
        return file;
    }

    private async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        _write = await open(_written.Count, cancellationToken);
        return _write.Body;
    }
}

/// <summary>An object that is whole in the store.</summary>
/// <param name="Object">Where it lies, and its size.</param>
/// <param name="Rows">Its rows, without a header.</param>
public sealed record WrittenObject(StoredObject Object, long Rows);
