using Sluice.Authoring.Callbacks;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.Callbacks;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Dags;

/// <summary>A callback of a definition, live.</summary>
internal sealed record AuthoredCallback(CallbackTrigger On, Notifier Notifier, string? Deadline = null);

/// <summary>Writes the callbacks of a definition as data.</summary>
internal static class CallbackWriter
{
    /// <summary>Those of a task: its own, else those of the innermost defaults that have any for the event.</summary>
    public static List<AuthoredCallback> Of(TaskNode task)
    {
        var found = new List<AuthoredCallback>();
        foreach (var on in Enum.GetValues<CallbackTrigger>())
        {
            var notifiers = task.Callbacks.GetValueOrDefault(on);
            for (TaskScope? scope = task.Scope; scope is not null && notifiers is null; scope = scope.Outer)
            {
                notifiers = scope.Defaults.Callbacks.GetValueOrDefault(on);
            }

            found.AddRange((notifiers ?? []).Select(notifier => new AuthoredCallback(on, notifier)));
        }

        return found;
    }

    public static IReadOnlyList<CallbackSpec>? Write(List<AuthoredCallback> callbacks, ProviderCatalog? providers, string whose, SourceLocation? location) =>
        callbacks.Count == 0 ? null : [.. callbacks.Select(callback => Write(callback, providers, whose, location))];

    private static CallbackSpec Write(AuthoredCallback callback, ProviderCatalog? providers, string whose, SourceLocation? location)
    {
        var type = callback.Notifier.GetType();
        var what = $"The {callback.On.Name()} callback of {whose}";
        if (callback.Notifier.FindProblem() is { } problem)
        {
            throw new DagDefinitionException($"{what}: {problem}", location);
        }

        try
        {
            return new()
            {
                On = callback.On,
                Notifier = callback.Notifier is CodeNotifier ? CallbackSpec.Code : type.Name,
                Arguments = callback.Notifier is CodeNotifier ? "{}" : OperatorArguments.Write(callback.Notifier, strict: providers?.FindNotifier(type.Name) == type),
                Deadline = callback.Deadline,
            };
        }
        catch (OperatorArgumentException e)
        {
            throw new DagDefinitionException($"{what}: {e.Message}", location, e);
        }
    }
}
