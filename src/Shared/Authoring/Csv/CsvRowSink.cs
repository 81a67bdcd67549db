using System.Buffers;
using System.IO.Compression;
using System.Text;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Csv;

/// <summary>Writes rows as CSV (RFC 4180, lines end in <c>\n</c>) into a stream. NULL is the null marker without quotes, an empty string is <c>""</c>.</summary>
/// <remarks>
/// Two buffers: while one is compressed and written, the next rows gather in the other. Nothing is ended until <see cref="CompleteAsync"/>;
/// the destination stays open. Not thread-safe.
/// </remarks>
public sealed class CsvRowSink : IRowSink, IAsyncDisposable
{
    private const int FlushAt = 256 * 1024;

    private readonly CsvDialect _dialect;
    private readonly bool _header;
    private readonly Stream _output;
    private readonly GZipStream? _gzip;
    private byte[] _filling = ArrayPool<byte>.Shared.Rent(FlushAt + (64 * 1024));
    private byte[] _draining = ArrayPool<byte>.Shared.Rent(FlushAt + (64 * 1024));
    private Task _drain = Task.CompletedTask;
    private int _length;
    private int _columns;
    private int _column;
    private bool _disposed;

    /// <summary>Makes a sink.</summary>
    /// <param name="destination">Takes the bytes.</param>
    /// <param name="format">How to write.</param>
    /// <exception cref="TaskFailedException">The format contradicts itself.</exception>
    public CsvRowSink(Stream destination, CsvFormat format)
    {
        _dialect = new(format);
        _header = format.Header;
        _gzip = format.Gzip ? new GZipStream(destination, CompressionLevel.Fastest, leaveOpen: true) : null;
        _output = _gzip ?? destination;
    }

    /// <summary>Rows ended so far, without the header.</summary>
    public long Rows { get; private set; }

    /// <inheritdoc/>
    public void Begin(IReadOnlyList<SqlColumn> columns)
    {
        _columns = columns.Count;
        if (!_header)
        {
            return;
        }

        foreach (var column in columns)
        {
            WriteValue(Encoding.UTF8.GetBytes(column.Name));
        }

        EndLine();
    }

    /// <inheritdoc/>
    public void WriteNull()
    {
        Separate(_dialect.NullMarker.Length);
        _dialect.NullMarker.CopyTo(_filling.AsSpan(_length));
        _length += _dialect.NullMarker.Length;
    }

    /// <inheritdoc/>
    public void WriteValue(ReadOnlySpan<byte> utf8)
    {
        if (_dialect.MustQuote(utf8))
        {
            WriteQuoted(utf8);
            return;
        }

        Separate(utf8.Length);
        utf8.CopyTo(_filling.AsSpan(_length));
        _length += utf8.Length;
    }

    /// <inheritdoc/>
    public bool EndRow()
    {
        EndLine();
        Rows++;
        return _length >= FlushAt;
    }

    /// <inheritdoc/>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _drain;
        if (_length == 0)
        {
            return;
        }

        (_filling, _draining) = (_draining, _filling);
        var full = _draining.AsMemory(0, _length);
        _length = 0;
        _drain = Task.Run(() => _output.WriteAsync(full, cancellationToken).AsTask(), cancellationToken);
    }

    /// <summary>Writes what is left and ends the compressed stream.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        await _drain;
        if (_gzip is not null)
        {
            await _gzip.DisposeAsync();
        }
    }

    /// <summary>Waits until nothing writes to the destination any more, so that it can be thrown away.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _drain.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ArrayPool<byte>.Shared.Return(_filling);
        ArrayPool<byte>.Shared.Return(_draining);
    }

    private void WriteQuoted(ReadOnlySpan<byte> utf8)
    {
        Separate((2 * utf8.Length) + 2);
        var to = _filling.AsSpan(_length);
        var at = 0;
        to[at++] = CsvDialect.Quote;
        while (utf8.IndexOf(CsvDialect.Quote) is var quote and >= 0)
        {
            utf8[..(quote + 1)].CopyTo(to[at..]);
            at += quote + 1;
            to[at++] = CsvDialect.Quote;
            utf8 = utf8[(quote + 1)..];
        }

        utf8.CopyTo(to[at..]);
        at += utf8.Length;
        to[at++] = CsvDialect.Quote;
        _length += at;
    }

    // Makes room for a value of so many bytes, one delimiter and one line end.
    private void Separate(int bytes)
    {
        if (_filling.Length - _length < bytes + 2)
        {
            Grow(bytes + 2);
        }

        if (_column++ > 0)
        {
            _filling[_length++] = _dialect.Delimiter;
        }
    }

    private void Grow(int more)
    {
        var larger = ArrayPool<byte>.Shared.Rent(checked(Math.Max(2 * _filling.Length, _length + more)));
        _filling.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_filling);
        _filling = larger;
    }

    private void EndLine()
    {
        if (_column != _columns)
        {
            throw new InvalidOperationException($"A row of {_column} values was written where the result has {_columns} columns.");
        }

        _filling[_length++] = (byte)'\n'; // Separate left room for it
        _column = 0;
    }
}
