using Sluice.Authoring.Callbacks;
using Sluice.Core.Callbacks;

namespace Sluice.Authoring.Dags;

/// <summary>Callbacks of tasks, on a task itself or on the defaults of a Dag or group. A task that has one for an event does not take those of the defaults.</summary>
/// <remarks>What a callback does never changes the task's state. What people mark or clear by hand calls none.</remarks>
public static class TaskCallbacks
{
    /// <summary>When a try is given to a worker; it does not wait for the callback.</summary>
    public static T OnExecute<T>(this T settings, Func<CallbackContext, ValueTask> callback)
        where T : TaskSettings => settings.On(CallbackTrigger.Execute, new CodeNotifier(callback));

    /// <inheritdoc cref="OnExecute{T}(T, Func{CallbackContext, ValueTask})"/>
    public static T OnExecute<T>(this T settings, Action<CallbackContext> callback)
        where T : TaskSettings => settings.On(CallbackTrigger.Execute, CodeOf(callback));

    /// <inheritdoc cref="OnExecute{T}(T, Func{CallbackContext, ValueTask})"/>
    public static T OnExecute<T>(this T settings, Notifier notifier)
        where T : TaskSettings => settings.On(CallbackTrigger.Execute, notifier);

    /// <summary>When it has succeeded.</summary>
    public static T OnSuccess<T>(this T settings, Func<CallbackContext, ValueTask> callback)
        where T : TaskSettings => settings.On(CallbackTrigger.Success, new CodeNotifier(callback));

    /// <inheritdoc cref="OnSuccess{T}(T, Func{CallbackContext, ValueTask})"/>
    public static T OnSuccess<T>(this T settings, Action<CallbackContext> callback)
        where T : TaskSettings => settings.On(CallbackTrigger.Success, CodeOf(callback));

    /// <inheritdoc cref="OnSuccess{T}(T, Func{CallbackContext, ValueTask})"/>
    public static T OnSuccess<T>(this T settings, Notifier notifier)
        where T : TaskSettings => settings.On(CallbackTrigger.Success, notifier);

    /// <summary>When it has failed for good, also when it was killed or its worker was lost once too often. Not when it is tried again.</summary>
    public static T OnFailure<T>(this T settings, Func<CallbackContext, ValueTask> callback)
        where T : TaskSettings => settings.On(CallbackTrigger.Failure, new CodeNotifier(callback));

    /// <inheritdoc cref="OnFailure{T}(T, Func{CallbackContext, ValueTask})"/>
    public static T OnFailure<T>(this T settings, Action<CallbackContext> callback)
        where T : TaskSettings => settings.On(CallbackTrigger.Failure, CodeOf(callback));

    /// <inheritdoc cref="OnFailure{T}(T, Func{CallbackContext, ValueTask})"/>
    public static T OnFailure<T>(this T settings, Notifier notifier)
        where T : TaskSettings => settings.On(CallbackTrigger.Failure, notifier);

    /// <summary>When an attempt has failed or was lost, and it will be tried again.</summary>
    public static T OnRetry<T>(this T settings, Func<CallbackContext, ValueTask> callback)
        where T : TaskSettings => settings.On(CallbackTrigger.Retry, new CodeNotifier(callback));

    /// <inheritdoc cref="OnRetry{T}(T, Func{CallbackContext, ValueTask})"/>
    public static T OnRetry<T>(this T settings, Action<CallbackContext> callback)
        where T : TaskSettings => settings.On(CallbackTrigger.Retry, CodeOf(callback));

    /// <inheritdoc cref="OnRetry{T}(T, Func{CallbackContext, ValueTask})"/>
    public static T OnRetry<T>(this T settings, Notifier notifier)
        where T : TaskSettings => settings.On(CallbackTrigger.Retry, notifier);

    /// <summary>When its own code has skipped it. Not when a branch or its trigger rule did.</summary>
    public static T OnSkipped<T>(this T settings, Func<CallbackContext, ValueTask> callback)
        where T : TaskSettings => settings.On(CallbackTrigger.Skipped, new CodeNotifier(callback));

    /// <inheritdoc cref="OnSkipped{T}(T, Func{CallbackContext, ValueTask})"/>
    public static T OnSkipped<T>(this T settings, Action<CallbackContext> callback)
        where T : TaskSettings => settings.On(CallbackTrigger.Skipped, CodeOf(callback));

    /// <inheritdoc cref="OnSkipped{T}(T, Func{CallbackContext, ValueTask})"/>
    public static T OnSkipped<T>(this T settings, Notifier notifier)
        where T : TaskSettings => settings.On(CallbackTrigger.Skipped, notifier);

    internal static T On<T>(this T settings, CallbackTrigger on, Notifier notifier)
        where T : TaskSettings
    {
        ArgumentNullException.ThrowIfNull(notifier);
        if (!settings.Callbacks.TryGetValue(on, out var callbacks))
        {
            settings.Callbacks.Add(on, callbacks = []);
        }

        callbacks.Add(notifier);
        return settings;
    }

    internal static Notifier CodeOf(Action<CallbackContext> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return new CodeNotifier(context =>
        {
            callback(context);
            return ValueTask.CompletedTask;
        });
    }
}
