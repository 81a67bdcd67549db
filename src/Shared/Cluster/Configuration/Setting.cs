using System.Globalization;

namespace Sluice.Cluster.Configuration;

/// <summary>One setting of a node: the flag <c>--name</c>, the environment variable <c>SLUICE_NAME</c>, the key <c>name</c> of the file.</summary>
/// <param name="Name">Snake case.</param>
/// <param name="Help">One line: meaning, unit.</param>
/// <param name="Default">As shown to people and used; null when there is none.</param>
public sealed record Setting(string Name, string Help, string? Default = null)
{
    /// <summary>The value is never shown.</summary>
    public bool IsSecret { get; init; }

    /// <summary>As a flag: <c>--dag-folder</c>.</summary>
    public string Flag => "--" + Name.Replace('_', '-');

    /// <summary>As an environment variable: <c>SLUICE_DAG_FOLDER</c>.</summary>
    public string Variable => "SLUICE_" + Name.ToUpperInvariant();
}

/// <summary>A setting makes no sense: one sentence that names it, its value and where it was given.</summary>
public sealed class SettingException(string message) : Exception(message);

/// <summary>Values of settings, each with where it came from.</summary>
public sealed class SettingValues
{
    private readonly Dictionary<string, (string Value, string Source)> _values;
    private readonly Dictionary<string, Setting> _known;

    internal SettingValues(IEnumerable<Setting> known, Dictionary<string, (string Value, string Source)> values)
    {
        _known = known.ToDictionary(setting => setting.Name, StringComparer.Ordinal);
        _values = values;
    }

    /// <summary>The value, or the default; null when there is neither.</summary>
    public string? Find(string name) => _values.TryGetValue(name, out var given) ? given.Value : _known[name].Default;

    /// <summary>True when it was given, not defaulted.</summary>
    public bool IsGiven(string name) => _values.ContainsKey(name);

    /// <exception cref="SettingException">It was not given and has no default.</exception>
    public string Get(string name) => Find(name) is { Length: > 0 } value
        ? value
        : throw new SettingException($"{_known[name].Flag} is not set ({_known[name].Help}). Give the flag, or set {_known[name].Variable}.");

    /// <exception cref="SettingException">It is not a whole number in the range.</exception>
    public int Number(string name, int min, int max) =>
        int.TryParse(Get(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw Nonsense(name, $"a whole number from {min} to {max}");

    /// <exception cref="SettingException">It is not a length of time such as 500ms, 15s, 2m or 1h.</exception>
    public TimeSpan Duration(string name)
    {
        var text = Get(name).Trim();
        var digits = text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
        if (double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            TimeSpan? duration = text[digits..] switch
            {
                "ms" => TimeSpan.FromMilliseconds(number),
                "s" => TimeSpan.FromSeconds(number),
                "m" => TimeSpan.FromMinutes(number),
                "h" => TimeSpan.FromHours(number),
                _ => null,
            };
            if (duration is { } found)
            {
                return found;
            }
        }

        throw Nonsense(name, "a length of time such as 500ms, 15s, 2m or 1h");
    }

    /// <summary>Comma-separated; without empty parts.</summary>
    public IReadOnlyList<string> List(string name) =>
        (Find(name) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <exception cref="SettingException">It is none of the words.</exception>
    public string OneOf(string name, params string[] words) =>
        words.Contains(Get(name)) ? Get(name) : throw Nonsense(name, "one of " + string.Join(", ", words));

    /// <summary>What to say of a value that makes no sense.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="expected">What would: "a whole number".</param>
    public SettingException Nonsense(string name, string expected)
    {
        var shown = _known[name].IsSecret ? "***" : Find(name);
        var source = _values.TryGetValue(name, out var given) ? given.Source : "default";
        return new($"{_known[name].Flag} is '{shown}' (from {source}); it must be {expected}.");
    }
}
