namespace Sluice.Authoring.Operators;

/// <summary>Says what one task does in one data interval.</summary>
/// <remarks>
/// Public settable properties are the operator's arguments: they are serialized with the Dag, may be given in YAML by their name in
/// snake case, and those marked <see cref="TemplatedAttribute"/> are rendered before <see cref="PreExecuteAsync"/>. One instance serves one attempt:
/// a shallow copy of the one in the definition, so lists and the like that it fills are made in <see cref="PreExecuteAsync"/>, not in initializers.
/// An exception fails the attempt, which is retried while retries are left; <see cref="TaskFailedException"/> is not retried;
/// <see cref="TaskSkippedException"/> skips.
/// </remarks>
public abstract class Operator
{
    /// <summary>Runs before <see cref="ExecuteAsync"/>, in the same attempt, after templates were rendered.</summary>
    public virtual ValueTask PreExecuteAsync(TaskContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Does the work. Must be safe to run again for the same interval.</summary>
    /// <returns>A value that becomes the XCom <c>return_value</c> (as JSON), or null for none.</returns>
    public abstract ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken);

    /// <summary>Runs after <see cref="ExecuteAsync"/> succeeded.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="result">What <see cref="ExecuteAsync"/> returned.</param>
    /// <param name="cancellationToken">Cancelled when the attempt is killed or times out.</param>
    public virtual ValueTask PostExecuteAsync(TaskContext context, object? result, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Runs when the attempt is killed or times out, to stop what runs elsewhere. Has ten seconds.</summary>
    public virtual ValueTask OnKillAsync(TaskContext context) => ValueTask.CompletedTask;

    /// <summary>True when the engine keeps a watermark of its tasks: <see cref="TaskContext.OpenWatermarkAsync(Func{string?, CancellationToken, ValueTask{string?}}, CancellationToken)"/>.</summary>
    public virtual bool KeepsWatermark => false;

    /// <summary>What is wrong with its arguments, found when the Dag is defined; null when nothing is. One sentence.</summary>
    internal virtual string? FindProblem() => null;

    // One instance stands in the definition; each attempt renders templates into a copy of its own.
    internal Operator Copy() => (Operator)MemberwiseClone();
}

/// <summary>Marks an operator's property as a template: text, and the texts in lists and in the values of dictionaries.</summary>
/// <param name="extensions">Such as <c>.sql</c>: text that ends so and has no white space names a file of the Dag folder, whose text is the template.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TemplatedAttribute(params string[] extensions) : Attribute
{
    /// <summary>Endings of file names.</summary>
    public IReadOnlyList<string> Extensions { get; } = extensions;
}

/// <summary>The argument is a secret: nobody is shown what it came to, and its value is masked in logs, errors and XComs.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretAttribute : Attribute;

/// <summary>Ends the attempt as failed, without retry.</summary>
public sealed class TaskFailedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Ends the attempt as failed with a message that says all there is; retried while retries are left.</summary>
public sealed class TaskErrorException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Ends the attempt as failed; while retries are left, the next try comes after a delay of its own.</summary>
/// <param name="message">Says all there is.</param>
/// <param name="delay">From the end of this attempt to the next; null: the task's own.</param>
/// <param name="inner">What led to it.</param>
public sealed class TaskRetryException(string message, TimeSpan? delay = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>From the end of this attempt to the next; null: the task's own.</summary>
    public TimeSpan? Delay { get; } = delay;
}

/// <summary>Ends the attempt as skipped.</summary>
public sealed class TaskSkippedException(string message) : Exception(message);
