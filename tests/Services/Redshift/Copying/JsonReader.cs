using System.Text;
using System.Text.Json;

namespace Sluice.Services.Redshift.Copying;

/// <summary>Reads objects of JSON, one after the other, whose names are the columns' ('auto'). Holds the file whole.</summary>
internal sealed class JsonReader(byte[] file, CopyStatement copy, IReadOnlyList<TargetColumn> columns)
{
    private int _at;
    private long _line = 1;

    /// <returns>False at the end.</returns>
    public bool Read(CopyRow row)
    {
        row.Clear();
        Skip();
        if (_at >= file.Length)
        {
            return false;
        }

        var start = _at;
        try
        {
            var reader = new Utf8JsonReader(file.AsSpan(_at), new JsonReaderOptions { AllowMultipleValues = true });
            var value = JsonElement.ParseValue(ref reader);
            _at += (int)reader.BytesConsumed;
            Fill(row, value);
        }
        catch (JsonException)
        {
            // On to the next line, where another object may begin.
            var end = file.AsSpan(_at).IndexOf((byte)'\n');
            _at = end < 0 ? file.Length : _at + end;
            row.Error = LoadError.BadJson;
        }

        foreach (var one in file.AsSpan(start, _at - start))
        {
            _line += one == '\n' ? 1 : 0;
            row.Raw(one);
        }

        row.Line = _line;
        return true;
    }

    private void Skip()
    {
        while (_at < file.Length && file[_at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            _line += file[_at++] == '\n' ? 1 : 0;
        }
    }

    private void Fill(CopyRow row, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            row.Error = LoadError.BadJson;
            return;
        }

        var comparison = copy.JsonIgnoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        foreach (var column in columns)
        {
            var found = value.EnumerateObject().Where(property => property.Name.Equals(column.Name, comparison)).Select(property => (JsonElement?)property.Value).LastOrDefault();
            var isNull = found is null || found.Value.ValueKind == JsonValueKind.Null;
            if (!isNull)
            {
                row.Append(Encoding.UTF8.GetBytes(found!.Value.ValueKind == JsonValueKind.String ? found.Value.GetString()! : found.Value.GetRawText()));
            }

            row.EndField(isNull);
        }
    }
}
