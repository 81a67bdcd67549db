using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Rows;

/// <summary>Keeps the columns of a result whose rows are of no interest.</summary>
internal sealed class ResultColumns : IRowSink
{
    internal IReadOnlyList<SqlColumn> Columns { get; private set; } = [];

    public void Begin(IReadOnlyList<SqlColumn> columns) => Columns = columns;

    public void WriteNull()
    {
    }

    public void WriteValue(ReadOnlySpan<byte> utf8)
    {
    }

    public bool EndRow() => false;

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
