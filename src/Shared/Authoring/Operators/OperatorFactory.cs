using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Authoring.Callbacks;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Sensors;
using Sluice.Core.Callbacks;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Operators;

/// <summary>Makes built-in operators from data: what a worker and YAML files do.</summary>
public sealed class OperatorFactory(ProviderCatalog providers)
{
    /// <summary>Makes the operator of a task that runs in the worker, templates unrendered.</summary>
    /// <exception cref="OperatorArgumentException">An argument is unknown or of the wrong kind.</exception>
    /// <exception cref="UnknownOperatorException">This worker has no such operator.</exception>
    public Operator Create(TaskSpec task)
    {
        var op = Create(task.Operator, task.Arguments);
        if (op is Sensor sensor && task.Sensor is { } wait)
        {
            sensor.Mode = wait.Mode;
            sensor.PokeInterval = wait.PokeInterval;
            sensor.Timeout = wait.Timeout;
            sensor.SoftFail = wait.SoftFail;
            sensor.NeverFail = wait.NeverFail;
            sensor.SilentFail = wait.SilentFail;
            sensor.ExponentialBackoff = wait.ExponentialBackoff;
            sensor.MaxWait = wait.MaxWait;
        }

        return op;
    }

    /// <summary>Makes a built-in notifier, templates unrendered.</summary>
    /// <exception cref="OperatorArgumentException">An argument is unknown or of the wrong kind.</exception>
    /// <exception cref="UnknownOperatorException">This worker has no such notifier.</exception>
    public Notifier CreateNotifier(CallbackSpec callback) => CreateNotifier(callback.Notifier, callback.Arguments);

    internal Notifier CreateNotifier(string name, string arguments) =>
        (Notifier)Create(providers.FindNotifier(name) ?? throw new UnknownOperatorException(name, providers.Notifiers, "notifier"), name, arguments);

    /// <summary>Makes an operator by its name.</summary>
    /// <param name="name">Class name, such as <c>SqlToS3Operator</c>.</param>
    /// <param name="arguments">JSON object: properties by their names in snake case.</param>
    /// <exception cref="OperatorArgumentException">An argument is unknown or of the wrong kind.</exception>
    /// <exception cref="UnknownOperatorException">There is none by that name.</exception>
    public Operator Create(string name, string arguments) =>
        Create(providers.FindOperator(name) ?? throw new UnknownOperatorException(name, providers.Operators), name, arguments);

    private static Operator Create(Type type, string name, string arguments)
    {
        var op = (Operator)Activator.CreateInstance(type)!;
        JsonObject read;
        try
        {
            read = JsonNode.Parse(arguments) as JsonObject ?? throw new JsonException("it is no object.");
        }
        catch (JsonException e)
        {
            throw new OperatorArgumentException("", $"The arguments of {name} are not a JSON object: {e.Message}", e);
        }

        OperatorArguments.Read(read, op);
        return op;
    }
}

/// <summary>No operator has this name.</summary>
/// <param name="name">What was asked for.</param>
/// <param name="known">What there is.</param>
/// <param name="kind">What it should be.</param>
public sealed class UnknownOperatorException(string name, IEnumerable<string> known, string kind = "operator")
    : Exception($"There is no {kind} '{name}'; known: {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
