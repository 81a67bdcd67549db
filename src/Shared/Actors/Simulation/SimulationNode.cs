namespace Sluice.Actors;

/// <summary>One node of a simulation: its dispatcher, its clock, and the switch that ends it at once.</summary>
public sealed class SimulationNode : SynchronizationContext, IDispatcher
{
    private readonly SimulationDispatcher _simulation;

    internal SimulationNode(SimulationDispatcher simulation, string name)
    {
        _simulation = simulation;
        Name = name;
        Time = new SimulationTime(simulation, this);
    }

    public string Name { get; }

    public SimulationTime Time { get; }

    /// <summary>True after <see cref="Crash"/>.</summary>
    public bool IsCrashed { get; private set; }

    /// <summary>One, so that every order of messages between actors can happen.</summary>
    public int MessagesPerTurn => 1;

    /// <summary>The process is gone: no actor of this node takes another step, no timer of it fires. A restarted process is another node.</summary>
    public void Crash() => IsCrashed = true;

    public void Schedule(IThreadPoolWorkItem turn, bool yielding) => _simulation.Add(new SimulationStep(this, turn, null, null));

    public Task WaitAsync(Task task) => _simulation.WaitAsync(task);

    public override void Post(SendOrPostCallback d, object? state) => _simulation.Add(new SimulationStep(this, null, d, state));

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("Code in a simulation may not wait for another thread; await instead.");

    public override SynchronizationContext CreateCopy() => this;

    public override string ToString() => Name;
}

/// <summary>Something that can happen now: an actor's turn, or the rest of a method after an await.</summary>
internal readonly record struct SimulationStep(SimulationNode Node, IThreadPoolWorkItem? Turn, SendOrPostCallback? Callback, object? State)
{
    public void Run()
    {
        if (Turn is not null)
            Turn.Execute();
        else
            Callback!(State);
    }

    public override string ToString() => $"{Node.Name}: {Turn?.ToString() ?? "continuation"}";
}
