using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates;

/// <summary>The arguments of one call.</summary>
public sealed class TemplateArguments
{
    internal TemplateArguments(
        string callee, IReadOnlyList<TemplateValue> positional, IReadOnlyList<KeyValuePair<string, TemplateValue>> named, RenderBudget budget) =>
        (Callee, Positional, Named, Budget) = (callee, positional, named, budget);

    /// <summary>Name of what is called, for error messages.</summary>
    public string Callee { get; }

    public IReadOnlyList<TemplateValue> Positional { get; }

    public IReadOnlyList<KeyValuePair<string, TemplateValue>> Named { get; }

    internal RenderBudget Budget { get; }

    /// <summary>What the Dag adds, for filters that call others by name.</summary>
    internal TemplateLibrary Added { get; init; } = TemplateLibrary.Empty;

    /// <summary>Lays the arguments out by parameter, as Python does; null where an optional one is not given.</summary>
    /// <param name="required">How many of the parameters, from the first, must be given.</param>
    /// <param name="parameters">Names of the parameters in order.</param>
    /// <exception cref="TemplateException">Too many, too few, unknown or repeated.</exception>
    public TemplateValue?[] Bind(int required, params ReadOnlySpan<string> parameters)
    {
        if (Positional.Count > parameters.Length)
        {
            throw new TemplateException(
                $"'{Callee}' takes at most {parameters.Length} argument{(parameters.Length == 1 ? "" : "s")}, {Positional.Count} are given.");
        }

        var result = new TemplateValue?[parameters.Length];
        for (var i = 0; i < Positional.Count; i++)
        {
            result[i] = Positional[i];
        }

        foreach (var (name, value) in Named)
        {
            var index = parameters.IndexOf(name);
            if (index < 0)
            {
                throw new TemplateException($"'{Callee}' has no argument '{name}'{Parsing.Suggestion.For(name, parameters.ToArray())}.");
            }

            if (result[index] is not null)
            {
                throw new TemplateException($"'{Callee}' is given the argument '{name}' twice.");
            }

            result[index] = value;
        }

        for (var i = 0; i < required; i++)
        {
            if (result[i] is null)
            {
                throw new TemplateException($"'{Callee}' needs the argument '{parameters[i]}'.");
            }
        }

        return result;
    }
}
