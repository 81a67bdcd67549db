using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sluice.Cli.Output;

/// <summary>Where output goes, and what surrounds the tool: environment and clock.</summary>
internal sealed class Terminal
{
    // A program that reads a table line by line wants each row on one.
    public const int WidthOfPipe = 1_000_000;

    private const int UsualWidth = 80;

    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>True when a person watches: output may move and have colours.</summary>
    public bool IsInteractive { get; init; }

    public bool HasColors { get; init; }

    /// <summary>Columns; so many that nothing wraps when the output is a file or a pipe.</summary>
    public int Width { get; init; } = UsualWidth;

    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Of this process.</summary>
    public static Terminal OfProcess()
    {
        var interactive = !Console.IsOutputRedirected && System.Environment.GetEnvironmentVariable("TERM") != "dumb";
        return new()
        {
            Out = Console.Out,
            Error = Console.Error,
            IsInteractive = interactive,
            HasColors = interactive && string.IsNullOrEmpty(System.Environment.GetEnvironmentVariable("NO_COLOR")),
            Width = Console.IsOutputRedirected ? WidthOfPipe : Console.WindowWidth > 0 ? Math.Max(Console.WindowWidth, 40) : UsualWidth,
        };
    }

    public void Line(string text = "") => Out.WriteLine(text);

    /// <summary>Writes a table or a text, no line longer than <see cref="Width"/>, none with blanks at its end.</summary>
    public void Write(IRenderable content)
    {
        using var text = new StringWriter();
        ConsoleOn(text).Write(content);
        foreach (var line in text.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
        {
            Out.WriteLine(line.TrimEnd());
        }
    }

    /// <summary>A console for output that moves.</summary>
    public IAnsiConsole Live() => ConsoleOn(Out);

    /// <summary>Text of others without what would command the terminal.</summary>
    public static string Clean(string text)
    {
        if (!text.Any(c => char.IsControl(c) && c != '\n'))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            clean.Append(!char.IsControl(c) || c == '\n' ? c : c == '\t' ? ' ' : '?');
        }

        return clean.ToString();
    }

    private IAnsiConsole ConsoleOn(TextWriter writer)
    {
        var console = AnsiConsole.Create(new()
        {
            Ansi = HasColors ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = HasColors ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = IsInteractive ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = Width;
        return console;
    }
}
