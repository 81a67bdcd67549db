using Sluice.Core.Templates.Python;

namespace Sluice.Core.Templates.Rendering;

/// <summary>The variable <c>loop</c>.</summary>
internal sealed class LoopState(IReadOnlyList<TemplateValue> items, int depth, FunctionValue? again)
{
    private static readonly string[] Names =
        ["index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0", "previtem", "nextitem", "cycle", "changed"];

    private IReadOnlyList<TemplateValue>? _lastChanged;

    public ObjectValue At(int index) => new($"<LoopContext {index + 1}/{items.Count}>", name => Attribute(name, index), Names) { Call = again };

    private TemplateValue? Attribute(string name, int index) => name switch
    {
        "index" => TemplateValue.From(index + 1L),
        "index0" => TemplateValue.From((long)index),
        "revindex" => TemplateValue.From((long)items.Count - index),
        "revindex0" => TemplateValue.From((long)items.Count - index - 1),
        "first" => TemplateValue.From(index == 0),
        "last" => TemplateValue.From(index == items.Count - 1),
        "length" => TemplateValue.From((long)items.Count),
        "depth" => TemplateValue.From(depth + 1L), // of recursive loops alone
        "depth0" => TemplateValue.From((long)depth),
        "previtem" => index > 0 ? items[index - 1] : new UndefinedValue("There is no previous item in the first round of a loop."),
        "nextitem" => index < items.Count - 1 ? items[index + 1] : new UndefinedValue("There is no next item in the last round of a loop."),
        "cycle" => new FunctionValue("cycle", arguments => arguments.Positional.Count > 0
            ? arguments.Positional[index % arguments.Positional.Count]
            : throw new TemplateException("'cycle' needs values to go through.")),
        "changed" => new FunctionValue("changed", Changed),
        _ => null,
    };

    private TemplateValue Changed(TemplateArguments arguments)
    {
        var same = _lastChanged?.Count == arguments.Positional.Count
            && _lastChanged.Zip(arguments.Positional).All(x => PythonEquality.AreEqual(x.First, x.Second, arguments.Budget));
        _lastChanged = arguments.Positional;
        return TemplateValue.From(!same);
    }
}
