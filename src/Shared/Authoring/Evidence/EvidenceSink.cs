using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Evidence;

/// <summary>Looks at rows as they go by.</summary>
/// <param name="inner">Takes the rows; null to look only.</param>
/// <param name="kinds">Kinds to go by, per column; null for the result's own. Whoever compares two sides goes by the kinds of one of them.</param>
public sealed class EvidenceSink(IRowSink? inner, IReadOnlyList<SqlColumnKind>? kinds = null) : IRowSink
{
    private RowHash _hash = new();
    private Seen[] _seen = [];
    private long _rows;
    private int _column;

    /// <summary>What was seen so far.</summary>
    public RowEvidence Evidence => Merge([this]);

    /// <summary>What several sinks of one extract saw together.</summary>
    public static RowEvidence Merge(IReadOnlyList<EvidenceSink> parts)
    {
        var sum = UInt128.Zero;
        var rows = 0L;
        foreach (var part in parts)
        {
            sum += part._hash.Sum;
            rows += part._rows;
        }

        var columns = parts.Count == 0 ? [] : parts[0]._seen;
        return new(
            rows,
            RowHash.Text(sum),
            [
                .. columns.Select((column, i) => new ColumnEvidence(
                    column.Name,
                    column.Kind,
                    parts.Sum(part => part._seen[i].Nulls),
                    Extreme(parts, i, least: true),
                    Extreme(parts, i, least: false))),
            ]);
    }

    /// <inheritdoc/>
    public void Begin(IReadOnlyList<SqlColumn> columns)
    {
        _seen = [.. columns.Select((column, i) => new Seen(column.Name, kinds?[i] ?? column.Kind))];
        inner?.Begin(columns);
    }

    /// <inheritdoc/>
    public void WriteNull()
    {
        _seen[_column++].Nulls++;
        _hash.AddNull();
        inner?.WriteNull();
    }

    /// <inheritdoc/>
    public void WriteValue(ReadOnlySpan<byte> utf8)
    {
        var column = _seen[_column++];
        switch (column.Kind)
        {
            case SqlColumnKind.Integer or SqlColumnKind.Decimal:
                var number = CanonicalValue.Number(utf8);
                _hash.Add(number);
                column.SeeNumber(number);
                break;
            case SqlColumnKind.Date or SqlColumnKind.Timestamp:
                var moment = CanonicalValue.Moment(utf8);
                _hash.Add(moment);
                column.SeeMoment(moment);
                break;
            case SqlColumnKind.Float when Utf8Parser.TryParse(utf8, out double value, out var read) && read == utf8.Length:
                _hash.Add(value);
                column.SeeFloat(value);
                break;
            case SqlColumnKind.Single when Utf8Parser.TryParse(utf8, out float value, out var read) && read == utf8.Length:
                _hash.Add(value);
                column.SeeFloat(value);
                break;
            case SqlColumnKind.Time:
                _hash.Add(CanonicalValue.Time(utf8));
                break;
            case SqlColumnKind.Boolean:
                _hash.Add(CanonicalValue.Truth(utf8));
                break;
            default:
                _hash.Add(utf8);
                break;
        }

        inner?.WriteValue(utf8);
    }

    /// <inheritdoc/>
    public bool EndRow()
    {
        _hash.EndRow();
        _rows++;
        _column = 0;
        return inner?.EndRow() ?? false;
    }

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken cancellationToken) => inner?.FlushAsync(cancellationToken) ?? ValueTask.CompletedTask;

    private static string? Extreme(IReadOnlyList<EvidenceSink> parts, int column, bool least)
    {
        Seen? found = null;
        foreach (var part in parts)
        {
            var seen = part._seen[column];
            found = seen.HasValues && (found is null || seen.IsBeyond(found, least)) ? seen : found;
        }

        return found?.Text(least);
    }

    /// <summary>A column as it goes by; the extremes are kept in buffers of their own, so that a row costs no memory.</summary>
    private sealed class Seen(string name, SqlColumnKind kind)
    {
        private byte[] _min = new byte[32];
        private byte[] _max = new byte[32];
        private int _minLength = -1;
        private int _maxLength = -1;
        private double _least = double.PositiveInfinity;
        private double _greatest = double.NegativeInfinity;
        private bool _hasFloats;

        internal string Name => name;

        internal SqlColumnKind Kind => kind;

        internal long Nulls { get; set; }

        internal bool HasValues => _minLength >= 0 || _hasFloats;

        private ReadOnlySpan<byte> Min => _min.AsSpan(0, _minLength);

        private ReadOnlySpan<byte> Max => _max.AsSpan(0, _maxLength);

        internal void SeeNumber(ReadOnlySpan<byte> number)
        {
            if (_minLength < 0 || CanonicalValue.CompareNumbers(number, Min) < 0)
            {
                Keep(ref _min, ref _minLength, number);
            }

            if (_maxLength < 0 || CanonicalValue.CompareNumbers(number, Max) > 0)
            {
                Keep(ref _max, ref _maxLength, number);
            }
        }

        internal void SeeMoment(ReadOnlySpan<byte> moment)
        {
            if (_minLength < 0 || CanonicalValue.CompareMoments(moment, Min) < 0)
            {
                Keep(ref _min, ref _minLength, moment);
            }

            if (_maxLength < 0 || CanonicalValue.CompareMoments(moment, Max) > 0)
            {
                Keep(ref _max, ref _maxLength, moment);
            }
        }

        internal void SeeFloat(double value)
        {
            if (double.IsNaN(value))
            {
                return; // databases disagree on where it stands
            }

            _hasFloats = true;
            _least = Math.Min(_least, value);
            _greatest = Math.Max(_greatest, value);
        }

        internal bool IsBeyond(Seen other, bool least) => _hasFloats
            ? least ? _least < other._least : _greatest > other._greatest
            : (least ? 1 : -1) * Compare(least ? Min : Max, least ? other.Min : other.Max) < 0;

        internal string Text(bool least) => _hasFloats
            ? Text(least ? _least : _greatest)
            : Encoding.UTF8.GetString(least ? Min : Max);

        private string Text(double value) => kind == SqlColumnKind.Single ? ((float)value).ToString("R", CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture);

        private int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) =>
            kind is SqlColumnKind.Integer or SqlColumnKind.Decimal ? CanonicalValue.CompareNumbers(a, b) : CanonicalValue.CompareMoments(a, b);

        private static void Keep(ref byte[] buffer, ref int length, ReadOnlySpan<byte> value)
        {
            if (buffer.Length < value.Length)
            {
                buffer = new byte[2 * value.Length];
            }

            value.CopyTo(buffer);
            length = value.Length;
        }
    }
}
