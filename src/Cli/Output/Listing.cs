using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sluice.Cli.Output;

/// <summary>A table without borders; wide cells wrap.</summary>
internal sealed class Listing
{
    private readonly Table _table = new Table().Border(TableBorder.None);
    private readonly string _whenEmpty;

    /// <summary>Makes it.</summary>
    /// <param name="whenEmpty">One sentence instead of a table without rows.</param>
    /// <param name="columns">Headings. One that begins with <c>#</c> is of numbers, one with <c>!</c> is kept on one line.</param>
    public Listing(string whenEmpty, params string[] columns)
    {
        _whenEmpty = whenEmpty;
        foreach (var column in columns)
        {
            var gap = _table.Columns.Count == columns.Length - 1 ? 0 : 2;
            var heading = new TableColumn(new Text(column.TrimStart('#', '!').ToUpperInvariant(), new Style(decoration: Decoration.Bold)))
            {
                Padding = new(0, 0, gap, 0),
                Alignment = column[0] == '#' ? Justify.Right : Justify.Left,
                NoWrap = column[0] is '#' or '!',
            };
            _table.AddColumn(heading);
        }
    }

    public static Text Cell(string? text, Style? style = null) => new(Terminal.Clean(text ?? ""), style);

    public void Add(params object?[] cells) =>
        _table.AddRow(cells.Select(cell => cell as IRenderable ?? Cell(cell?.ToString())));

    public IRenderable Content => _table.Rows.Count == 0 ? new Text(_whenEmpty) : _table;

    public void WriteTo(Terminal terminal) => terminal.Write(Content);
}
