using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Dags;

/// <summary>C# code of a Dag file as a task. Runs in a runner process.</summary>
internal sealed class CodeOperator(Func<TaskContext, ValueTask<object?>> code) : Operator
{
    public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) => code(context);
}
