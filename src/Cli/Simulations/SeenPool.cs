namespace Sluice.Cli.Simulations;

/// <summary>How full a pool was in a simulation.</summary>
/// <param name="slots">Its size; negative is without limit.</param>
internal sealed class SeenPool(int slots)
{
    private DateTimeOffset _since;

    public int Slots { get; } = slots;

    public int Used { get; private set; }

    /// <summary>The most that were used at once.</summary>
    public int Most { get; private set; }

    /// <summary>Slots times time that they were used.</summary>
    public TimeSpan SlotTime { get; private set; }

    /// <summary>How long no slot was free.</summary>
    public TimeSpan FullFor { get; private set; }

    public void Use(int slots, DateTimeOffset now)
    {
        var passed = _since == default ? TimeSpan.Zero : now - _since;
        SlotTime += Used * passed;
        FullFor += Slots >= 0 && Used >= Slots ? passed : TimeSpan.Zero;
        _since = now;
        Used += slots;
        Most = Math.Max(Most, Used);
    }
}
