namespace Sluice.Core.Templates.Rendering;

/// <summary>Names set by the template, one frame for the body and one for each round of a loop: what a round sets is gone after it.</summary>
internal sealed class Frame(Frame? outer, TemplateScope scope)
{
    private Dictionary<string, TemplateValue>? _names;

    public Frame(Frame outer)
        : this(outer, outer.Scope)
    {
    }

    public Frame? Outer { get; } = outer;

    /// <summary>The names from outside: others for an imported file than for the template itself.</summary>
    public TemplateScope Scope { get; } = scope;

    /// <summary>Set in this very frame.</summary>
    public IReadOnlyDictionary<string, TemplateValue> Own => _names ?? [];

    public IEnumerable<string> Names => (_names?.Keys ?? Enumerable.Empty<string>()).Concat(Outer?.Names ?? []);

    public void Set(string name, TemplateValue value) => (_names ??= new(StringComparer.Ordinal))[name] = value;

    public TemplateValue? Get(string name)
    {
        for (var frame = this; frame is not null; frame = frame.Outer)
        {
            if (frame._names?.GetValueOrDefault(name) is { } value)
            {
                return value;
            }
        }

        return null;
    }
}
