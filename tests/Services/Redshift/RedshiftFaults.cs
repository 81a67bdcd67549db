using System.Text.RegularExpressions;

namespace Sluice.Services.Redshift;

/// <summary>What is to go wrong. Statements are told by what the client wrote, most by a pattern; each fault is used up.</summary>
public sealed class RedshiftFaults
{
    private readonly FaultQueue<Fault> _faults = new();

    /// <summary>The next statements fail.</summary>
    public void Fail(string pattern, string message, string sqlState = "XX000", string? detail = null, int times = 1) =>
        _faults.Add(new(Of(pattern), FaultKind.Error) { Times = times, Error = new(message, sqlState, detail) });

    /// <summary>The next statements fail as Redshift fails writers that cannot be put in an order.</summary>
    public void Conflict(string pattern, int times = 1) =>
        Fail(pattern, "1023", detail: "Serializable isolation violation on table - 100167, transactions forming the cycle are: 55705701, 55705754 (pid:16606)", times: times);

    /// <summary>The connection breaks instead of the next statements.</summary>
    public void DropBefore(string pattern, int times = 1) => _faults.Add(new(Of(pattern), FaultKind.DropBefore) { Times = times });

    /// <summary>The next statements are done, and the connection breaks instead of an answer.</summary>
    public void DropAfter(string pattern, int times = 1) => _faults.Add(new(Of(pattern), FaultKind.DropAfter) { Times = times });

    /// <summary>The connection breaks in the middle of the next COPY, behind so many rows.</summary>
    public void DropAtRow(long row, int times = 1) => _faults.Add(new(Of("copy"), FaultKind.DropAtRow) { Times = times, Row = row });

    /// <summary>The next statement waits until the test lets it go.</summary>
    public StandStill Pause(string pattern) => Pause(Of(pattern));

    /// <summary>The next such statement waits until the test lets it go.</summary>
    /// <param name="which">Is asked of each statement once.</param>
    public StandStill Pause(Func<string, bool> which)
    {
        var pause = new StandStill();
        _faults.Add(new(which, FaultKind.Pause) { Pause = pause });
        return pause;
    }

    /// <summary>Faults that have not come about.</summary>
    public int Left => _faults.Left;

    internal Fault? Take(string sql, FaultKind kind) => _faults.Take(fault => fault.Kind == kind && fault.Which(sql));

    private static Func<string, bool> Of(string pattern) => new Regex(pattern, RegexOptions.IgnoreCase).IsMatch;
}

internal enum FaultKind
{
    Error,
    DropBefore,
    DropAfter,
    DropAtRow,
    Pause,
}

internal sealed record Fault(Func<string, bool> Which, FaultKind Kind) : CountedFault
{
    public RedshiftException? Error { get; init; }

    public long Row { get; init; }

    public StandStill? Pause { get; init; }
}

/// <summary>The connection is to break.</summary>
internal sealed class DroppedException : Exception;
