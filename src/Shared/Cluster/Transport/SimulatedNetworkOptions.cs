namespace Sluice.Cluster.Transport;

/// <summary>How bad a simulated network is. Rates are chances per message, from 0 to 1.</summary>
public sealed record SimulatedNetworkOptions
{
    /// <summary>Default: 0.2 ms.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(0.2);

    /// <summary>Default: 2 ms. Messages of different links overtake each other by it.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>A message vanishes while its link lives on. A real link never does this; a receiver must bear it all the same.</summary>
    public double DropRate { get; init; }

    /// <summary>A message arrives twice.</summary>
    public double DuplicateRate { get; init; }

    /// <summary>The link breaks: what is on the way is lost, both ends hear of it, and who dialled dials again.</summary>
    public double BreakRate { get; init; }

    /// <summary>Messages of one link may overtake each other too. Default: no, as on a real link.</summary>
    public bool ReorderWithinLink { get; init; }

    /// <summary>How long a silent link goes unnoticed: a partition, a machine that lost its power. Default: 10 s.</summary>
    public TimeSpan DetectAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause before dialling again. Default: 250 ms.</summary>
    public TimeSpan RedialAfter { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Every message goes through its JSON form. Default: yes.</summary>
    public bool Serialize { get; init; } = true;
}
