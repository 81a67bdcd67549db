namespace Sluice.Authoring.Execution;

/// <summary>A templated argument of an operator cannot be rendered.</summary>
public sealed class TemplateFieldException(string field, string message, Exception? inner = null)
    : Exception($"Template of {field}: {message}", inner)
{
    /// <summary>The argument in snake case, with the index or key inside it.</summary>
    public string Field { get; } = field;
}
