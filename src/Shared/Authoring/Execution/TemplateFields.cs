using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Execution;

/// <summary>Renders an operator's templated arguments: strings, lists of strings, and values of dictionaries.</summary>
internal static class TemplateFields
{
    /// <summary>Renders all templated arguments in place; lists and dictionaries are replaced, never changed.</summary>
    /// <exception cref="TemplateFieldException">One cannot be rendered; names the field, line and column.</exception>
    public static async ValueTask RenderAsync(Operator op, TaskContext context, CancellationToken cancellationToken)
    {
        TemplateRenderer? renderer = null;
        foreach (var argument in OperatorArguments.Of(op.GetType()))
        {
            if (!argument.IsTemplate || argument.Property.GetValue(op) is not { } value || !HasTags(value))
            {
                continue;
            }

            renderer ??= new(context);
            argument.Property.SetValue(op, await RenderAsync(argument, value, renderer, cancellationToken));
        }
    }

    private static async ValueTask<object> RenderAsync(
        OperatorArgument argument, object value, TemplateRenderer renderer, CancellationToken cancellationToken)
    {
        switch (value)
        {
            case string text:
                return await renderer.RenderAsync(argument.Name, text, cancellationToken);

            case IEnumerable<string> list:
                var items = new List<string>();
                foreach (var item in list)
                {
                    items.Add(await renderer.RenderAsync($"{argument.Name}[{items.Count}]", item, cancellationToken));
                }

                return argument.Property.PropertyType.IsArray ? items.ToArray() : items;

            case IEnumerable<KeyValuePair<string, string>> pairs:
                var rendered = new Dictionary<string, string>();
                foreach (var (key, item) in pairs)
                {
                    rendered.Add(key, await renderer.RenderAsync($"{argument.Name}[{key}]", item, cancellationToken));
                }

                return rendered;

            default:
                throw new TemplateFieldException(
                    argument.Name, $"a {value.GetType().Name} cannot be a template; use text, a list of texts or a dictionary of texts.");
        }
    }

    // Most arguments have no tags: those cost neither a scope nor a parse.
    private static bool HasTags(object value) => value switch
    {
        string text => HasTags(text),
        IEnumerable<string> list => list.Any(HasTags),
        IEnumerable<KeyValuePair<string, string>> pairs => pairs.Any(pair => HasTags(pair.Value)),
        _ => true,
    };

    private static bool HasTags(string text) =>
        text.Contains("{{", StringComparison.Ordinal) || text.Contains("{%", StringComparison.Ordinal) || text.Contains("{#", StringComparison.Ordinal);
}
