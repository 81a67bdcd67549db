using System.Text;
using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Evidence;

/// <summary>Keeps the values of a result of one row, in the form in which rows are extracted.</summary>
public sealed class SingleRow : IRowSink
{
    private readonly List<string?> _values = [];

    /// <summary>The values; null for NULL.</summary>
    public IReadOnlyList<string?> Values => _values;

    /// <inheritdoc/>
    public void Begin(IReadOnlyList<SqlColumn> columns) => _values.Clear();

    /// <inheritdoc/>
    public void WriteNull() => _values.Add(null);

    /// <inheritdoc/>
    public void WriteValue(ReadOnlySpan<byte> utf8) => _values.Add(Encoding.UTF8.GetString(utf8));

    /// <inheritdoc/>
    public bool EndRow() => false;

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
