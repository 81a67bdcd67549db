using System.Text.Json.Nodes;

namespace Sluice.Cli.Hosting;

/// <summary>How the tool finds what <c>sluice up</c> started: <c>api.json</c> in the home, readable by its owner alone.</summary>
internal static class ApiFile
{
    public static string PathIn(string home) => Path.Combine(home, "api.json");

    /// <returns>The file's path.</returns>
    public static async Task<string> WriteAsync(string home, Uri url, string token, CancellationToken cancellationToken)
    {
        var path = PathIn(home);
        var text = new JsonObject { ["url"] = url.ToString().TrimEnd('/'), ["token"] = token }.ToJsonString();
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        // Who reads it at this moment reads the old one or the new one, whole. A file that someone else left there would keep its mode.
        var draft = $"{path}.{Guid.NewGuid():N}.tmp";
        await using (var writer = new StreamWriter(draft, options))
        {
            await writer.WriteAsync(text.AsMemory(), cancellationToken);
        }

        File.Move(draft, path, overwrite: true);
        return path;
    }
}
