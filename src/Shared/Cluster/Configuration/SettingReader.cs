using System.Text;
using System.Text.Json;

namespace Sluice.Cluster.Configuration;

/// <summary>Reads settings: flags before environment before file before defaults.</summary>
public static class SettingReader
{
    private const int Columns = 80;

    /// <summary>Reads the values of the settings known to a role.</summary>
    /// <param name="known">Settings of the role. <c>config</c> among them names the file.</param>
    /// <param name="args">Flags: <c>--name value</c> or <c>--name=value</c>.</param>
    /// <param name="environment">Reads an environment variable.</param>
    /// <exception cref="SettingException">An unknown flag or key, a flag without value, a file that cannot be read.</exception>
    public static SettingValues Read(IReadOnlyList<Setting> known, IReadOnlyList<string> args, Func<string, string?> environment)
    {
        var values = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        ReadFlags(known, args, values);
        foreach (var setting in known)
        {
            if (!values.ContainsKey(setting.Name) && environment(setting.Variable) is { Length: > 0 } value)
            {
                values[setting.Name] = (value, setting.Variable);
            }
        }

        if (values.TryGetValue("config", out var config))
        {
            ReadFile(known, config.Item1, values);
        }

        return new(known, values);
    }

    /// <summary>What <c>--help</c> says, within 80 columns.</summary>
    public static string Help(string role, string summary, IReadOnlyList<Setting> known)
    {
        var text = new StringBuilder();
        Wrap(text, summary, 0, "");
        text.AppendLine().AppendLine($"Usage: {role} [flags]").AppendLine();
        var column = known.Max(setting => setting.Flag.Length) + 4;
        foreach (var setting in known)
        {
            var value = setting is { Default: { Length: > 0 } shown, IsSecret: false } ? $" [{shown}]" : "";
            Wrap(text, setting.Help + value, column, "  " + setting.Flag);
        }

        text.AppendLine();
        Wrap(text, "Each flag --some-name may be given as SLUICE_SOME_NAME or as some_name in the file.", 0, "");
        return text.ToString().TrimEnd();
    }

    /// <summary>Appends words in lines of at most 80 columns, in a column of their own beside a label.</summary>
    private static void Wrap(StringBuilder text, string words, int column, string label)
    {
        var line = label.PadRight(column);
        var isEmpty = true;
        foreach (var word in words.Split(' '))
        {
            if (!isEmpty && line.Length + 1 + word.Length > Columns)
            {
                text.AppendLine(line);
                (line, isEmpty) = (new string(' ', column), true);
            }

            (line, isEmpty) = (isEmpty ? line + word : $"{line} {word}", false);
        }

        text.AppendLine(line);
    }

    private static void ReadFlags(IReadOnlyList<Setting> known, IReadOnlyList<string> args, Dictionary<string, (string, string)> values)
    {
        for (var i = 0; i < args.Count; i++)
        {
            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            var flag = equals < 0 ? args[i] : args[i][..equals];
            var setting = known.FirstOrDefault(setting => setting.Flag == flag)
                ?? throw new SettingException($"There is no flag '{flag}'. Known: {string.Join(", ", known.Select(other => other.Flag))}.");
            if (equals < 0 && (i + 1 >= args.Count || args[i + 1].StartsWith("--", StringComparison.Ordinal)))
            {
                throw new SettingException($"{flag} needs a value: {setting.Help}.");
            }

            values[setting.Name] = (equals < 0 ? args[++i] : args[i][(equals + 1)..], flag);
        }
    }

    private static void ReadFile(IReadOnlyList<Setting> known, string path, Dictionary<string, (string, string)> values)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(
                File.ReadAllText(path), new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException e)
        {
            throw new SettingException($"{path}({e.LineNumber + 1}): not valid JSON: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"The configuration file '{path}' cannot be read: {e.Message}");
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new SettingException($"{path}: the configuration must be a JSON object of settings.");
            }

            foreach (var property in document.RootElement.EnumerateObject())
            {
                // One file serves every role of a machine: settings of other roles are known, too.
                if (!Roles.All.Any(setting => setting.Name == property.Name))
                {
                    throw new SettingException(
                        $"{path}: there is no setting '{property.Name}'. Known: {string.Join(", ", Roles.All.Select(setting => setting.Name))}.");
                }

                if (known.Any(setting => setting.Name == property.Name) && !values.ContainsKey(property.Name))
                {
                    var value = property.Value.ValueKind switch
                    {
                        JsonValueKind.Array => string.Join(',', property.Value.EnumerateArray().Select(item => item.ToString())),
                        JsonValueKind.Object => throw new SettingException($"{path}: '{property.Name}' must be a text, a number or a list."),
                        _ => property.Value.ToString(),
                    };
                    values[property.Name] = (value, path);
                }
            }
        }
    }
}
