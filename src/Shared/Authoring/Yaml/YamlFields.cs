using System.Globalization;
using Sluice.Authoring.Operators;
using Sluice.Core.Dags;
using YamlDotNet.RepresentationModel;

namespace Sluice.Authoring.Yaml;

/// <summary>The fields of one YAML mapping. Whatever is wrong with them is noted with its line, and reading goes on.</summary>
internal sealed class YamlFields(YamlMappingNode node, string what, string file, List<DagProblem> problems)
{
    private readonly HashSet<string> _read = [];

    public SourceLocation Location => At(node);

    /// <summary>Fields that nobody has asked for so far.</summary>
    public IEnumerable<(string Name, YamlNode Value)> Unread =>
        from pair in node.Children
        let name = pair.Key is YamlScalarNode { Value: { } key } ? key : pair.Key.ToString()
        where !_read.Contains(name)
        select (name, pair.Value);

    public bool Has(string name) => Find(name) is not null;

    public SourceLocation At(YamlNode part) => new(file, (int)part.Start.Line);

    public SourceLocation At(string name) => Find(name) is { } value ? At(value) : Location;

    public void Problem(YamlNode? at, string message) => problems.Add(new(message, at is null ? Location : At(at)));

    public YamlNode? Node(string name)
    {
        _read.Add(name);
        return Find(name) is YamlScalarNode { Value: "" or "~" or "null", Style: YamlDotNet.Core.ScalarStyle.Plain } ? null : Find(name);
    }

    public string? Text(string name)
    {
        switch (Node(name))
        {
            case null:
                return null;
            case YamlScalarNode { Value: { } text }:
                return text;
            case var other:
                Problem(other, $"{name} of {what} must be text.");
                return null;
        }
    }

    public string? RequiredText(string name)
    {
        if (Text(name) is { } text)
        {
            return text;
        }

        if (!Has(name))
        {
            Problem(null, $"{Capital(what)} has no {name}; give it one.");
        }

        return null;
    }

    public int? Number(string name) => Parse<int>(
        name, "a whole number", text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n : null);

    public bool? Flag(string name) => Parse<bool>(name, "true or false", text => text.ToLowerInvariant() switch
    {
        "true" or "yes" or "on" => true,
        "false" or "no" or "off" => false,
        _ => null,
    });

    public TimeSpan? Length(string name) => Parse<TimeSpan>(
        name, "a duration such as 30s, 5m, 1h or 00:05:00", text => Duration.TryParse(text, out var length) ? length : null);

    public T? Choice<T>(string name)
        where T : struct, Enum
    {
        var known = Enum.GetValues<T>().ToDictionary(value => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
        return Parse<T>(name, $"one of {string.Join(", ", known.Keys)}", text => known.TryGetValue(text, out var value) ? value : null);
    }

    public T? Parse<T>(string name, string expected, Func<string, T?> read)
        where T : struct
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (read(text) is { } value)
        {
            return value;
        }

        Problem(Find(name), $"{name} of {what} is '{text}'; it must be {expected}.");
        return null;
    }

    /// <summary>Texts of a list; a single text counts as a list of one.</summary>
    public IReadOnlyList<(string Text, YamlNode Node)> Texts(string name)
    {
        var found = new List<(string, YamlNode)>();
        var value = Node(name);
        foreach (var item in value is YamlSequenceNode list ? list.Children : value is null ? [] : [value])
        {
            if (item is YamlScalarNode { Value: { } text })
            {
                found.Add((text, item));
            }
            else
            {
                Problem(item, $"{name} of {what} must be a list of texts.");
            }
        }

        return found;
    }

    /// <summary>A mapping that stands somewhere in it.</summary>
    public YamlFields Of(YamlMappingNode mapping, string whatItIs) => new(mapping, whatItIs, file, problems);

    public YamlFields? Mapping(string name, string whatItIs)
    {
        switch (Node(name))
        {
            case null:
                return null;
            case YamlMappingNode mapping:
                return new(mapping, whatItIs, file, problems);
            case var other:
                Problem(other, $"{name} of {what} must be a mapping of names to values.");
                return null;
        }
    }

    /// <summary>Mappings of a list.</summary>
    public IEnumerable<YamlFields> Mappings(string name, string whatEachIs)
    {
        switch (Node(name))
        {
            case null:
                break;
            case YamlSequenceNode list:
                foreach (var item in list.Children)
                {
                    if (item is YamlMappingNode mapping)
                    {
                        yield return new(mapping, whatEachIs, file, problems);
                    }
                    else
                    {
                        Problem(item, $"Each of the {name} of {what} must be a mapping of names to values.");
                    }
                }

                break;
            case var other:
                Problem(other, $"{name} of {what} must be a list.");
                break;
        }
    }

    /// <summary>Notes every field that nobody asked for.</summary>
    public void RefuseOthers()
    {
        foreach (var (name, value) in Unread)
        {
            Problem(value, $"{Capital(what)} has an unknown field '{name}'; known: {string.Join(", ", _read.Order(StringComparer.Ordinal))}.");
        }
    }

    private YamlNode? Find(string name) => node.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
