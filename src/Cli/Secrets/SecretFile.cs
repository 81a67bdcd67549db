using System.Text.Json;
using Sluice.Cli.CommandLine;

namespace Sluice.Cli.Secrets;

/// <summary>Connections or variables in a file: a JSON object of names and texts.</summary>
internal static class SecretFile
{
    /// <param name="path">The file.</param>
    /// <param name="what">What it holds, for errors: connections or variables.</param>
    /// <exception cref="UsageException">It cannot be read, or is not such an object.</exception>
    public static Dictionary<string, string> Read(string path, string what)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(path)) ?? [];
        }
        catch (JsonException e)
        {
            throw new UsageException($"The {what} file '{path}' is not a JSON object of names and texts (line {e.LineNumber + 1}).");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The {what} file '{path}' cannot be read: {e.Message}");
        }
    }
}
