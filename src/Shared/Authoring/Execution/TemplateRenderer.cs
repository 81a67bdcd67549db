using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Execution;

/// <summary>Renders texts for one attempt.</summary>
internal sealed class TemplateRenderer(TaskContext context)
{
    public ValueTask<string> RenderAsync(string field, string text, CancellationToken cancellationToken) =>
        throw new TemplateFieldException(field, $"templates of {context.Task.Id} wait for the engine: {text.Length}{cancellationToken}");
}
