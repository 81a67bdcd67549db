using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sluice.Cli.Output;

/// <summary>Names and values, a line each.</summary>
internal sealed class Facts
{
    private readonly Grid _grid = new Grid()
        .AddColumn(new GridColumn { NoWrap = true, Padding = new(0, 0, 2, 0) })
        .AddColumn(new GridColumn { Padding = new(0, 0, 0, 0) });

    /// <summary>Adds a line; none when there is no value.</summary>
    public Facts Add(string name, object? value)
    {
        if (value is not null and not "")
        {
            _grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), value as IRenderable ?? Listing.Cell(value.ToString()));
        }

        return this;
    }

    public void WriteTo(Terminal terminal) => terminal.Write(_grid);
}
