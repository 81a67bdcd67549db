using System.Text;
using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Extraction;

/// <summary>Keeps the values of a result of one row, in the form in which rows are extracted.</summary>
internal sealed class SingleRow : IRowSink
{
    private readonly List<string?> _values = [];

    internal IReadOnlyList<string?> Values => _values;

    public void Begin(IReadOnlyList<SqlColumn> columns) => _values.Clear();

    public void WriteNull() => _values.Add(null);

    public void WriteValue(ReadOnlySpan<byte> utf8) => _values.Add(Encoding.UTF8.GetString(utf8));

    public bool EndRow() => false;

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
