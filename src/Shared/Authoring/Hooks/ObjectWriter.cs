using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Hooks;

/// <summary>Who writes an object. A store remembers it with the object, so that a try finds what an earlier try of the same task wrote, and takes it over.</summary>
/// <param name="Owner">One task instance of one run, wherever its Dag is called what: letters and digits.</param>
/// <param name="Attempt">Counted up with every dispatch of it.</param>
public sealed record ObjectWriter(string Owner, int Attempt)
{
    private const int OwnerBytes = 16;

    /// <summary>The writer that a task instance is.</summary>
    /// <param name="run">Its run: by its key, and by when it was made, since another deployment may have the same keys.</param>
    /// <param name="task">The task.</param>
    /// <param name="map">Place in the list of a mapped task; null for others.</param>
    /// <param name="attempt">Counted up with every dispatch.</param>
    public static ObjectWriter Of(RunFacts run, TaskId task, MapPosition? map, int attempt)
    {
        var instance = string.Create(CultureInfo.InvariantCulture, $"{run.Key} {run.CreatedAt.ToUnixTimeMilliseconds()} {task}[{map?.Index}]");
        return new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(instance)).AsSpan(0, OwnerBytes)), attempt);
    }

    /// <summary>True when an object was written by the same task instance, and by no later attempt than this.</summary>
    public bool Owns(ObjectWriter? there) => there is not null && there.Owner == Owner && there.Attempt <= Attempt;

    /// <summary>As it is stored.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Owner}/{Attempt}");

    /// <summary>Reads what was stored; null for anything else.</summary>
    public static ObjectWriter? TryParse(string? text) =>
        text?.Split('/') is [{ Length: > 0 } owner, var attempt] && int.TryParse(attempt, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new(owner, number) : null;
}
