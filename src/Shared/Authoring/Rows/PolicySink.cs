using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Rows;

/// <summary>Lets through what a policy allows. It decides at the beginning, before a byte is handed on.</summary>
internal sealed class PolicySink(IRowSink inner, ColumnPolicy policy, QueryText query) : IRowSink
{
    private ColumnRule[] _rules = [];
    private int _column;

    public void Begin(IReadOnlyList<SqlColumn> columns)
    {
        _rules = policy.Decide(columns, query);
        inner.Begin(
        [
            .. from pair in columns.Zip(_rules)
               where !pair.Second.Excluded
               select pair.Second.Mask is null ? pair.First : pair.First with { Type = "text", Kind = SqlColumnKind.Text },
        ]);
    }

    public void WriteNull()
    {
        if (!_rules[_column++].Excluded)
        {
            inner.WriteNull();
        }
    }

    public void WriteValue(ReadOnlySpan<byte> utf8)
    {
        var (excluded, mask) = _rules[_column++];
        if (excluded)
        {
            return;
        }

        if (mask is null)
        {
            inner.WriteValue(utf8);
        }
        else if (mask.TryMask(utf8, out var masked))
        {
            inner.WriteValue(masked);
        }
        else
        {
            inner.WriteNull();
        }
    }

    public bool EndRow()
    {
        _column = 0;
        return inner.EndRow();
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);
}
