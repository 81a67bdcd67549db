using System.Text.RegularExpressions;

namespace Sluice.Services.Redshift;

/// <summary>What is to go wrong. Statements are told by a pattern of what the client wrote; each fault is used up.</summary>
public sealed class RedshiftFaults
{
    private readonly Lock _gate = new();
    private readonly List<Fault> _faults = [];

    /// <summary>The next statements fail.</summary>
    public void Fail(string pattern, string message, string sqlState = "XX000", string? detail = null, int times = 1) =>
        Add(new(new(pattern, RegexOptions.IgnoreCase), FaultKind.Error, times) { Error = new(message, sqlState, detail) });

    /// <summary>The next statements fail as Redshift fails writers that cannot be put in an order.</summary>
    public void Conflict(string pattern, int times = 1) =>
        Fail(pattern, "1023", detail: "Serializable isolation violation on table - 100167, transactions forming the cycle are: 55705701, 55705754 (pid:16606)", times: times);

    /// <summary>The connection breaks instead of the next statements.</summary>
    public void DropBefore(string pattern, int times = 1) => Add(new(new(pattern, RegexOptions.IgnoreCase), FaultKind.DropBefore, times));

    /// <summary>The next statements are done, and the connection breaks instead of an answer.</summary>
    public void DropAfter(string pattern, int times = 1) => Add(new(new(pattern, RegexOptions.IgnoreCase), FaultKind.DropAfter, times));

    /// <summary>The connection breaks in the middle of the next COPY, behind so many rows.</summary>
    public void DropAtRow(long row, int times = 1) => Add(new(new("copy", RegexOptions.IgnoreCase), FaultKind.DropAtRow, times) { Row = row });

    /// <summary>The next statement waits until the test lets it go.</summary>
    public RedshiftPause Pause(string pattern)
    {
        var pause = new RedshiftPause();
        Add(new(new(pattern, RegexOptions.IgnoreCase), FaultKind.Pause, 1) { Pause = pause });
        return pause;
    }

    /// <summary>Faults that have not come about.</summary>
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

    internal Fault? Take(string sql, FaultKind kind)
    {
        lock (_gate)
        {
            var found = _faults.FirstOrDefault(fault => fault.Kind == kind && fault.Pattern.IsMatch(sql));
            if (found is not null && --found.Times == 0)
            {
                _faults.Remove(found);
            }

            return found;
        }
    }

    private void Add(Fault fault)
    {
        lock (_gate)
        {
            _faults.Add(fault);
        }
    }
}

/// <summary>A statement that stands still.</summary>
public sealed class RedshiftPause
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the statement has come.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Lets it go.</summary>
    public void Release() => _released.TrySetResult();

    internal Task WaitAsync(CancellationToken cancellationToken)
    {
        _reached.TrySetResult();
        return _released.Task.WaitAsync(cancellationToken);
    }
}

internal enum FaultKind
{
    Error,
    DropBefore,
    DropAfter,
    DropAtRow,
    Pause,
}

internal sealed record Fault(Regex Pattern, FaultKind Kind, int Count)
{
    public int Times { get; set; } = Count;

    public RedshiftException? Error { get; init; }

    public long Row { get; init; }

    public RedshiftPause? Pause { get; init; }
}

/// <summary>The connection is to break.</summary>
internal sealed class DroppedException : Exception;
