namespace Sluice.Authoring.Templates;

/// <summary>Files of a Dag folder that hold templates, such as <c>sql/load.sql</c>.</summary>
public static class TemplateFiles
{
    /// <summary>Reads one, by its path from the Dag's own file or else from the folder.</summary>
    /// <param name="folder">The Dag folder; nothing outside it is read.</param>
    /// <param name="dagFile">The Dag's file, relative to it.</param>
    /// <param name="name">As the template writes it, with slashes.</param>
    /// <returns>Null when there is no such file.</returns>
    public static string? Read(string folder, string dagFile, string name)
    {
        var root = Path.GetFullPath(folder);
        return PlacesOf(folder, dagFile, name).Select(place => Path.Combine(root, place)).Where(File.Exists).Select(File.ReadAllText).FirstOrDefault();
    }

    /// <summary>Where a file is looked for, in order: paths inside the folder, with forward slashes; none for a name that leads out of it.</summary>
    /// <inheritdoc cref="Read"/>
    public static IReadOnlyList<string> PlacesOf(string folder, string dagFile, string name)
    {
        if (name.Length == 0 || Path.IsPathRooted(name))
        {
            return [];
        }

        var root = Path.GetFullPath(folder);
        return
        [
            .. new[] { Path.Combine(root, Path.GetDirectoryName(dagFile) ?? "", name), Path.Combine(root, name) }
                .Select(Path.GetFullPath)
                .Where(path => path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
                .Distinct(StringComparer.Ordinal),
        ];
    }

    // A command that ends in a file's name is no file: names have no white space.
    internal static bool IsName(string text, IReadOnlyList<string> extensions) =>
        extensions.Any(extension => text.EndsWith(extension, StringComparison.Ordinal))
        && !Path.IsPathRooted(text) && !text.Any(c => char.IsWhiteSpace(c) || c is '{' or '}' or '$');
}
