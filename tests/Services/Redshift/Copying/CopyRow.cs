using System.Text;

namespace Sluice.Services.Redshift.Copying;

/// <summary>A row of a file: its fields' bytes one behind the other. Filled again for each row.</summary>
internal sealed class CopyRow
{
    private readonly List<(int Start, int Length, bool IsNull)> _fields = [];
    private byte[] _bytes = new byte[4096];
    private byte[] _raw = new byte[4096];
    private int _length;
    private int _fieldStart;
    private int _rawLength;

    /// <summary>Fields in the file's order; of JSON, in the table's.</summary>
    public int Count => _fields.Count;

    /// <summary>The line on which it begins; of JSON, on which it ends.</summary>
    public long Line { get; set; }

    /// <summary>Something about the row itself is wrong.</summary>
    public LoadError? Error { get; set; }

    public string RawLine => Encoding.UTF8.GetString(_raw, 0, Math.Min(_rawLength, 1024));

    public bool IsBlank => Count == 1 && _fields[0].Length == 0 && _rawLength == 0;

    public ReadOnlySpan<byte> this[int index] => _bytes.AsSpan(_fields[index].Start, _fields[index].Length);

    /// <summary>NULL by the file itself: JSON's null.</summary>
    public bool IsNull(int index) => _fields[index].IsNull;

    public void Clear()
    {
        _fields.Clear();
        _length = _fieldStart = _rawLength = 0;
        Error = null;
    }

    public void Append(byte value)
    {
        if (_length == _bytes.Length)
        {
            Array.Resize(ref _bytes, 2 * _length);
        }

        _bytes[_length++] = value;
    }

    public void Append(ReadOnlySpan<byte> values)
    {
        foreach (var value in values)
        {
            Append(value);
        }
    }

    /// <summary>Takes the last byte of the current field away.</summary>
    public void Cut() => _length--;

    public bool EndsIn(byte value) => _length > _fieldStart && _bytes[_length - 1] == value;

    public int FieldLength => _length - _fieldStart;

    public void Raw(byte value)
    {
        if (_rawLength == _raw.Length)
        {
            Array.Resize(ref _raw, 2 * _rawLength);
        }

        _raw[_rawLength++] = value;
    }

    public void EndField(bool isNull = false)
    {
        _fields.Add((_fieldStart, _length - _fieldStart, isNull));
        _fieldStart = _length;
    }
}
