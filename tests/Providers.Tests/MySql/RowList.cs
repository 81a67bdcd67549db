using System.Text;
using Sluice.Authoring.Hooks;

namespace Sluice.Providers.Tests.MySql;

/// <summary>A sink that keeps the rows; for small results.</summary>
internal sealed class RowList : IRowSink
{
    private readonly List<string?> _row = [];

    public IReadOnlyList<SqlColumn> Columns { get; private set; } = [];

    public List<string?[]> Rows { get; } = [];

    public void Begin(IReadOnlyList<SqlColumn> columns) => Columns = columns;

    public void WriteNull() => _row.Add(null);

    public void WriteValue(ReadOnlySpan<byte> utf8) => _row.Add(Encoding.UTF8.GetString(utf8));

    public bool EndRow()
    {
        Rows.Add([.. _row]);
        _row.Clear();
        return false;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
}

/// <summary>A sink that counts, and tells when a number of rows has come.</summary>
internal sealed class RowCounter(int flushEvery = 1000) : IRowSink
{
    private readonly TaskCompletionSource _firstFlush = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Rows { get; private set; }

    public long Bytes { get; private set; }

    public Task FirstFlush => _firstFlush.Task;

    /// <summary>Completes when the sink may take more; a slow store.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public Action<long>? OnFlush { get; set; }

    public void Begin(IReadOnlyList<SqlColumn> columns)
    {
    }

    public void WriteNull()
    {
    }

    public void WriteValue(ReadOnlySpan<byte> utf8) => Bytes += utf8.Length;

    public bool EndRow() => ++Rows % flushEvery == 0;

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        _firstFlush.TrySetResult();
        OnFlush?.Invoke(Rows);
        await Gate.WaitAsync(cancellationToken);
    }
}
