namespace Sluice.Services;

/// <summary>What is to go wrong, first come first served; each fault is used up.</summary>
internal sealed class FaultQueue<TFault>
    where TFault : CountedFault
{
    private readonly Lock _gate = new();
    private readonly List<TFault> _faults = [];

    /// <summary>Faults that have not come about as often as they should; one that never ends stays.</summary>
    public int Left
    {
        get
        {
            lock (_gate)
            {
                return _faults.Count;
            }
        }
    }

    public void Add(TFault fault)
    {
        lock (_gate)
        {
            _faults.Add(fault);
        }
    }

    /// <summary>The first such fault, if there is one; it counts as come about.</summary>
    public TFault? Take(Func<TFault, bool> which)
    {
        lock (_gate)
        {
            var found = _faults.FirstOrDefault(which);
            if (found is not null && --found.Times == 0)
            {
                _faults.Remove(found);
            }

            return found;
        }
    }
}

/// <summary>Something that is to go wrong.</summary>
internal abstract record CountedFault
{
    /// <summary>How often it is to come about.</summary>
    public int Times { get; set; } = 1;
}
