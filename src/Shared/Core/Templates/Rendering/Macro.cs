using Sluice.Core.Templates.Library;
using Sluice.Core.Templates.Parsing;
using Sluice.Core.Templates.Python;

namespace Sluice.Core.Templates.Rendering;

/// <summary>Binds the arguments of a macro's call as Jinja does: what is not given is undefined, what is over goes to <c>varargs</c> and <c>kwargs</c>.</summary>
internal sealed class Macro(MacroStatement definition)
{
    /// <summary>Names that the macro's body sees, those of its parameters with their values.</summary>
    /// <param name="arguments">As given.</param>
    /// <param name="frame">Where they go.</param>
    /// <param name="evaluate">For defaults, which may use the parameters before them.</param>
    public void Bind(TemplateArguments arguments, Frame frame, Func<Expression, TemplateValue> evaluate)
    {
        var named = arguments.Named.ToDictionary(x => x.Key, x => x.Value, StringComparer.Ordinal);
        var caller = named.Remove("caller", out var body) ? body : null;
        for (var i = 0; i < definition.Parameters.Count; i++)
        {
            var parameter = definition.Parameters[i];
            var isNamed = named.Remove(parameter.Name, out var value);
            if (i < arguments.Positional.Count)
            {
                value = isNamed
                    ? throw new TemplateException($"'{definition.Name}' is given the argument '{parameter.Name}' twice.")
                    : arguments.Positional[i];
            }

            frame.Set(parameter.Name, value
                ?? (parameter.Default is { } otherwise ? evaluate(otherwise) : new UndefinedValue($"The parameter '{parameter.Name}' of '{definition.Name}' was not given.")));
        }

        if (arguments.Positional.Count > definition.Parameters.Count && !definition.UsesVarargs)
        {
            throw new TemplateException(
                $"'{definition.Name}' takes at most {definition.Parameters.Count} argument{(definition.Parameters.Count == 1 ? "" : "s")}, {arguments.Positional.Count} are given.");
        }

        if (named.Count > 0 && !definition.UsesKwargs)
        {
            var unknown = named.Keys.First();
            throw new TemplateException($"'{definition.Name}' has no argument '{unknown}'{Suggestion.For(unknown, definition.Parameters.Select(x => x.Name))}.");
        }

        if (definition.UsesVarargs)
        {
            frame.Set("varargs", new ListValue([.. arguments.Positional.Skip(definition.Parameters.Count)], isTuple: true));
        }

        if (definition.UsesKwargs)
        {
            frame.Set("kwargs", TemplateValue.From(named));
        }

        frame.Set("caller", caller ?? new UndefinedValue($"'{definition.Name}' was not called by a call block, so it has no caller."));
    }
}
