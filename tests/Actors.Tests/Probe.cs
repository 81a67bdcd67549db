using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;

namespace Sluice.Actors.Tests;

/// <summary>An actor from a function, and systems to put it in.</summary>
internal sealed class FuncActor(Func<ActorContext, object, ValueTask> receive, Func<ActorContext, ValueTask>? preStart = null, Action? postStop = null)
    : Actor
{
    protected override ValueTask ReceiveAsync(object message) => receive(Context, message);

    protected override ValueTask PreStartAsync() => preStart?.Invoke(Context) ?? ValueTask.CompletedTask;

    protected override ValueTask PostStopAsync()
    {
        postStop?.Invoke();
        return ValueTask.CompletedTask;
    }

    protected override string Describe() => "made of a function";
}

internal static class Probe
{
    public static Props Of(Action<ActorContext, object> receive, Action<ActorContext>? preStart = null, Action? postStop = null) =>
        Props.Create(() => new FuncActor(
            (context, message) =>
            {
                receive(context, message);
                return ValueTask.CompletedTask;
            },
            context =>
            {
                preStart?.Invoke(context);
                return ValueTask.CompletedTask;
            },
            postStop));

    public static Props OfAsync(Func<ActorContext, object, Task> receive) =>
        Props.Create(() => new FuncActor((context, message) => new ValueTask(receive(context, message))));

    /// <summary>Keeps what it is told.</summary>
    public static Props Recorder(List<object> seen) => Of((_, message) => seen.Add(message));

    public static ActorSystem System(SimulationDispatcher simulation) => new("test", simulation, simulation.Time, NullLoggerFactory.Instance);

    public static ActorSystem System() => new("test", ThreadPoolDispatcher.Instance, TimeProvider.System, NullLoggerFactory.Instance);
}
