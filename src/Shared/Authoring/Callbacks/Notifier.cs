using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Callbacks;

/// <summary>Tells someone what has happened to a task or a run: <c>task.OnFailure(new WebhookNotifier { Url = "..." })</c>.</summary>
/// <remarks>
/// Like an operator it has its arguments as properties, by their names in snake case in YAML, and those marked <see cref="TemplatedAttribute"/>
/// are rendered first; templates see <c>callback</c> beside the names that a task has. It runs in a runner process on any worker that serves the
/// task's queue, after what it tells of is on disk, and within the Dag's callback timeout. An exception is logged and shown, and changes nothing.
/// </remarks>
public abstract class Notifier : Operator
{
    /// <summary>Tells. May be called once more for the same <see cref="CallbackContext.EventId"/> when the worker is lost before it could say that it was done.</summary>
    public abstract ValueTask NotifyAsync(CallbackContext context, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public sealed override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        await NotifyAsync(new(context), cancellationToken);
        return null;
    }
}

/// <summary>C# code of a Dag file as a callback.</summary>
internal sealed class CodeNotifier(Func<CallbackContext, ValueTask> code) : Notifier
{
    public override ValueTask NotifyAsync(CallbackContext context, CancellationToken cancellationToken) => code(context);
}
