using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Rows;

/// <summary>Writes rows into one file. Nothing is ended until <see cref="CompleteAsync"/>; the destination stays open. Not thread-safe.</summary>
public abstract class RowFileSink : IRowSink, IAsyncDisposable
{
    private long _rowBytes;

    private protected RowFileSink(Func<CancellationToken, ValueTask<Stream>> open, bool gzip) => Output = new(open, gzip);

    /// <summary>Rows ended so far, without a header.</summary>
    public long Rows { get; private set; }

    /// <summary>Bytes handed on so far, before compression.</summary>
    public long Bytes => Output.Taken;

    private protected RowOutput Output { get; }

    private protected IReadOnlyList<SqlColumn> Columns { get; private set; } = [];

    /// <summary>Place in the row of the next value.</summary>
    private protected int Column { get; set; }

    /// <inheritdoc/>
    public void Begin(IReadOnlyList<SqlColumn> columns)
    {
        Columns = columns;
        WriteHeader();
    }

    /// <inheritdoc/>
    public abstract void WriteNull();

    /// <inheritdoc/>
    public abstract void WriteValue(ReadOnlySpan<byte> utf8);

    /// <inheritdoc/>
    public bool EndRow()
    {
        if (Column != Columns.Count)
        {
            throw new InvalidOperationException($"A row of {Column} values was written where the result has {Columns.Count} columns.");
        }

        WriteLineEnd();
        Column = 0;
        _rowBytes = 0;
        Rows++;
        return Output.IsDue;
    }

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken cancellationToken) => Output.FlushAsync(cancellationToken);

    /// <summary>Writes what is left and ends the compressed stream.</summary>
    public ValueTask CompleteAsync(CancellationToken cancellationToken) => Output.CompleteAsync(cancellationToken);

    /// <summary>Waits until nothing writes to the destination any more, so that it can be thrown away.</summary>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Output.DisposeAsync();
    }

    private protected abstract void WriteHeader();

    private protected abstract void WriteLineEnd();

    /// <exception cref="TaskFailedException">The value, or the row with it, is too large.</exception>
    private protected void Check(ReadOnlySpan<byte> value)
    {
        if (value.Length > RowLimits.LargestValue)
        {
            throw RowLimits.ValueTooLarge(Columns[Column].Name, Rows + 1, value.Length);
        }

        _rowBytes += value.Length;
        if (_rowBytes > RowLimits.LargestRow)
        {
            throw RowLimits.RowTooLarge(Columns[Column].Name, Rows + 1);
        }
    }
}
