namespace Sluice.Authoring.Operators;

/// <summary>Does nothing: a place where paths meet.</summary>
public sealed class EmptyOperator : Operator
{
    /// <inheritdoc/>
    public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) => ValueTask.FromResult<object?>(null);
}
