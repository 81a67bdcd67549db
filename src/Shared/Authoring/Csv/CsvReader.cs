using System.Buffers;
using System.IO.Compression;
using System.Text;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Csv;

/// <summary>Reads CSV record by record, as bytes of UTF-8, in one pass over a stream. Not thread-safe.</summary>
/// <remarks>
/// Lines end in <c>\n</c> or <c>\r\n</c>; a quoted field may hold them. A quote counts anywhere in a field, as in PostgreSQL's COPY. A byte
/// order mark is passed over. The header, if there is one, is the first record. A blank line is a record of one field.
/// </remarks>
public sealed class CsvReader : IAsyncDisposable
{
    // A quote that nobody closed would otherwise gather the rest of the file.
    private const int LargestRecord = 256 * 1024 * 1024;

    private readonly CsvDialect _dialect;
    private readonly Stream _source;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
    private Field[] _fields = new Field[64];
    private int _start; // first byte not yet given out
    private int _end; // end of what was read
    private bool _ended;
    private bool _begun;
    private bool _disposed;
    private byte[] _line = [];

    /// <summary>Makes a reader.</summary>
    /// <param name="source">Read to its end, and disposed with the reader.</param>
    /// <param name="format">How it was written.</param>
    /// <exception cref="TaskFailedException">The format contradicts itself.</exception>
    public CsvReader(Stream source, CsvFormat format)
    {
        _dialect = new(format);
        _source = format.Gzip ? new GZipStream(source, CompressionMode.Decompress) : source;
    }

    /// <summary>Keeps each record as it stands in the source, for <see cref="Line"/>. Default: false.</summary>
    public bool KeepsLines { get; init; }

    /// <summary>The current record as it stands in the source, without its line end; only when <see cref="KeepsLines"/>.</summary>
    public byte[] Line => _line;

    /// <summary>Number of the current record, counted from 1, the header included.</summary>
    public long Record { get; private set; }

    /// <summary>Fields of the current record.</summary>
    public int FieldCount { get; private set; }

    /// <summary>True when the field is the null marker without quotes.</summary>
    public bool IsNull(int index) => !_fields[index].Quoted && this[index].SequenceEqual(_dialect.NullMarker);

    /// <summary>A field of the current record, quotes removed. Gone with the next <see cref="ReadAsync"/>.</summary>
    public ReadOnlySpan<byte> this[int index] => index < FieldCount
        ? _buffer.AsSpan(_fields[index].Start, _fields[index].Length)
        : throw new ArgumentOutOfRangeException(nameof(index));

    /// <summary>Moves to the next record.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="TaskFailedException">A quote is never closed.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        var scan = new Scan(_start);
        while (!FindEnd(ref scan))
        {
            if (_ended)
            {
                if (scan.InQuotes)
                {
                    throw new TaskFailedException($"A quote in record {Record + 1} is never closed.");
                }

                if (_start == _end)
                {
                    FieldCount = 0;
                    return false;
                }

                return Take(_end, _end, scan.HasQuotes);
            }

            scan.At -= await FillAsync(cancellationToken);
        }

        return Take(scan.At, scan.At + 1, scan.HasQuotes);
    }

    /// <summary>The fields of the current record as text: for the header.</summary>
    public string[] ReadNames()
    {
        var names = new string[FieldCount];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = Encoding.UTF8.GetString(this[i]);
        }

        return names;
    }

    /// <summary>Copies all bytes after the current record, uncompressed and unread, and ends. While one buffer is written the next is read.</summary>
    public async ValueTask CopyRestAsync(Stream destination, CancellationToken cancellationToken)
    {
        var other = ArrayPool<byte>.Shared.Rent(_buffer.Length);
        var writing = Task.CompletedTask;
        try
        {
            while (true)
            {
                while (!_ended && _end < _buffer.Length)
                {
                    await FillAsync(cancellationToken);
                }

                await writing;
                if (_start == _end)
                {
                    return;
                }

                (_buffer, other) = (other, _buffer);
                writing = destination.WriteAsync(other.AsMemory(_start, _end - _start), cancellationToken).AsTask();
                (_start, _end) = (0, 0);
            }
        }
        finally
        {
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(other);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        ArrayPool<byte>.Shared.Return(_buffer);
        await _source.DisposeAsync();
    }

    // Moves on to the line end of the record that begins at _start; remembers where it was when bytes run out.
    private bool FindEnd(ref Scan scan)
    {
        while (true)
        {
            var rest = _buffer.AsSpan(scan.At, _end - scan.At);
            var found = scan.InQuotes ? rest.IndexOf(CsvDialect.Quote) : rest.IndexOfAny(CsvDialect.Quote, (byte)'\n');
            if (found < 0)
            {
                scan.At = _end;
                return false;
            }

            scan.At += found;
            if (rest[found] == (byte)'\n')
            {
                return true;
            }

            scan.InQuotes = !scan.InQuotes;
            scan.HasQuotes = true;
            scan.At++;
        }
    }

    // Reads more behind what is there. Returns by how many bytes it moved what was there to the front.
    private async ValueTask<int> FillAsync(CancellationToken cancellationToken)
    {
        var moved = _start;
        if (moved > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= moved;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Grow();
        }

        var read = await ReadSourceAsync(cancellationToken);
        _ended = read == 0;
        _end += read;
        if (!_begun)
        {
            await SkipByteOrderMarkAsync(cancellationToken);
        }

        return moved;
    }

    private async ValueTask<int> ReadSourceAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _source.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        }
        catch (InvalidDataException e)
        {
            throw new TaskFailedException($"The object is not, or not wholly, compressed with gzip: {e.Message}", e);
        }
    }

    private async ValueTask SkipByteOrderMarkAsync(CancellationToken cancellationToken)
    {
        _begun = true;
        while (!_ended && _end < 3)
        {
            var read = await ReadSourceAsync(cancellationToken);
            _ended = read == 0;
            _end += read;
        }

        if (_buffer.AsSpan(0, _end).StartsWith("\uFEFF"u8))
        {
            _buffer.AsSpan(3, _end - 3).CopyTo(_buffer);
            _end -= 3;
        }
    }

    private void Grow()
    {
        if (_buffer.Length >= LargestRecord)
        {
            throw new TaskFailedException(
                $"Record {Record + 1} is larger than {LargestRecord / (1024 * 1024)} MiB; most likely a quote in it is never closed.");
        }

        var larger = ArrayPool<byte>.Shared.Rent(2 * _buffer.Length);
        _buffer.AsSpan(0, _end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    private bool Take(int end, int next, bool hasQuotes)
    {
        if (end > _start && end < next && _buffer[end - 1] == (byte)'\r')
        {
            end--;
        }

        FieldCount = 0;
        if (KeepsLines)
        {
            _line = _buffer.AsSpan(_start, end - _start).ToArray(); // before quotes are taken out in place
        }

        if (hasQuotes)
        {
            SplitQuoted(_start, end);
        }
        else
        {
            Split(_start, end);
        }

        _start = next;
        Record++;
        return true;
    }

    private void Split(int at, int end)
    {
        while (_buffer.AsSpan(at, end - at).IndexOf(_dialect.Delimiter) is var length and >= 0)
        {
            Add(new(at, length, Quoted: false));
            at += length + 1;
        }

        Add(new(at, end - at, Quoted: false));
    }

    // Takes the quotes out in place: a field only ever gets shorter.
    private void SplitQuoted(int at, int end)
    {
        while (true)
        {
            var (start, to, quoted, inQuotes) = (at, at, false, false);
            while (at < end && (inQuotes || _buffer[at] != _dialect.Delimiter))
            {
                if (_buffer[at] != CsvDialect.Quote)
                {
                    _buffer[to++] = _buffer[at++];
                }
                else if (inQuotes && at + 1 < end && _buffer[at + 1] == CsvDialect.Quote)
                {
                    _buffer[to++] = CsvDialect.Quote;
                    at += 2;
                }
                else
                {
                    inQuotes = !inQuotes;
                    quoted = true;
                    at++;
                }
            }

            Add(new(start, to - start, quoted));
            if (at >= end)
            {
                return;
            }

            at++; // the delimiter; a field follows it, if only an empty one
        }
    }

    private void Add(Field field)
    {
        if (FieldCount == _fields.Length)
        {
            Array.Resize(ref _fields, 2 * FieldCount);
        }

        _fields[FieldCount++] = field;
    }

    private readonly record struct Field(int Start, int Length, bool Quoted);

    private record struct Scan(int At, bool InQuotes = false, bool HasQuotes = false);
}
