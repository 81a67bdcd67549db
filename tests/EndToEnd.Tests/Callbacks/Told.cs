namespace Sluice.EndToEnd.Tests.Callbacks;

/// <summary>A file for each time that a callback ran: what ran twice is there twice.</summary>
internal sealed class Told
{
    private readonly string _folder;

    public Told(string folder, string name) => _folder = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;

    /// <summary>C# for a Dag file: a statement of a callback with the context <c>ctx</c>. The file appears whole.</summary>
    /// <param name="text">C# of what it says.</param>
    public string Statement(string text) =>
        $$"""var file = "{{_folder}}/" + Guid.NewGuid(); File.WriteAllText(file + ".part", {{text}} + "|" + ctx.EventId); File.Move(file + ".part", file);""";

    /// <summary>What was said, with the event's id, in the order of words.</summary>
    public IReadOnlyList<(string Text, string EventId)> All =>
    [
        .. Directory.GetFiles(_folder).Where(file => !file.EndsWith(".part", StringComparison.Ordinal)).Select(File.ReadAllText)
            .Select(text => (text[..text.LastIndexOf('|')], text[(text.LastIndexOf('|') + 1)..])).OrderBy(told => told.Item1, StringComparer.Ordinal),
    ];

    public IReadOnlyList<string> Texts => [.. All.Select(told => told.Text)];
}
