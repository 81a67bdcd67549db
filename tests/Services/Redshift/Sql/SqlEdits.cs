using System.Text;

namespace Sluice.Services.Redshift.Sql;

/// <summary>Replacements in a statement, given in any order, applied at once.</summary>
internal sealed class SqlEdits(string sql)
{
    private readonly SortedList<int, (int End, string Text)> _edits = [];

    /// <summary>The last edit at a place holds, and a wider one takes those inside it away.</summary>
    public void Replace(int start, int end, string text)
    {
        foreach (var inside in _edits.Where(edit => edit.Key >= start && edit.Key < end).Select(edit => edit.Key).ToList())
        {
            _edits.Remove(inside);
        }

        _edits[start] = (end, text);
    }

    public void Replace(SqlToken token, string text) => Replace(token.Start, token.End, text);

    public void Remove(SqlToken first, SqlToken last) => Replace(first.Start, last.End, "");

    public string Apply()
    {
        var text = new StringBuilder();
        var at = 0;
        foreach (var (start, (end, replacement)) in _edits)
        {
            text.Append(sql, at, start - at).Append(replacement);
            at = end;
        }

        return text.Append(sql, at, sql.Length - at).ToString();
    }
}
