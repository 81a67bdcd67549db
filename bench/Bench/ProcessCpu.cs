using System.Globalization;

namespace Sluice.Bench;

/// <summary>CPU time of the processes that this one has started, by their part in the deployment.</summary>
/// <remarks>Unlike the machine's, it does not move with what else the machine is doing.</remarks>
internal static class ProcessCpu
{
    public const string Postgres = "PostgreSQL";
    public const string PostgresMaintenance = "PostgreSQL's own work"; // vacuum, checkpoints, statistics
    public const string Runners = "runners";
    public const string Client = "benchmark's client";

    /// <summary>CPU time so far. A process that has ended is told by its parent: those of a worker were runners, those of PostgreSQL tidied up.</summary>
    public static Dictionary<string, TimeSpan> ByPart()
    {
        var all = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0]))
            .Select(name => Read(int.Parse(name!, CultureInfo.InvariantCulture))).OfType<Entry>().ToDictionary(entry => entry.Id);
        var parts = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        foreach (var entry in all.Values.Where(entry => IsOurs(entry, all)))
        {
            var part = PartOf(entry);
            Add(part, entry.Own);
            Add(part switch { Postgres => PostgresMaintenance, "worker" => Runners, _ => part }, entry.OfEnded);
        }

        return parts;

        void Add(string part, TimeSpan time) => parts[part] = parts.GetValueOrDefault(part) + time;
    }

    /// <summary>What was used since <paramref name="before"/>, parts that used nothing left out.</summary>
    public static Dictionary<string, TimeSpan> Since(IReadOnlyDictionary<string, TimeSpan> before) =>
        ByPart().Select(part => (part.Key, Value: part.Value - before.GetValueOrDefault(part.Key)))
            .Where(part => part.Value > TimeSpan.Zero).OrderBy(part => part.Key, StringComparer.Ordinal).ToDictionary(part => part.Key, part => part.Value);

    private static bool IsOurs(Entry entry, Dictionary<int, Entry> all)
    {
        for (var current = entry; ; current = all[current.Parent])
        {
            if (current.Id == Environment.ProcessId)
            {
                return true;
            }

            if (!all.ContainsKey(current.Parent))
            {
                return false;
            }
        }
    }

    private static string PartOf(Entry entry)
    {
        if (entry.Id == Environment.ProcessId)
        {
            return Client;
        }

        var command = entry.Command;
        if (command.Length > 1 && command[1].EndsWith("sluice.dll", StringComparison.Ordinal))
        {
            return command[2];
        }

        return command.Any(word => word.Contains("Sluice.Runner", StringComparison.Ordinal)) ? Runners
            : command[0].StartsWith("postgres: sluice", StringComparison.Ordinal) || command[0].EndsWith("/postgres", StringComparison.Ordinal) ? Postgres
            : command[0].StartsWith("postgres: ", StringComparison.Ordinal) ? PostgresMaintenance
            : "others";
    }

    /// <remarks>/proc/[pid]/stat: after the name in brackets the third field is the state, the fourth the parent; 14 to 17 are the user and
    /// system time of the process and of its children that have ended, in hundredths of a second. (proc(5))</remarks>
    private static Entry? Read(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var command = File.ReadAllText($"/proc/{id}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
            return command.Length == 0 ? null : new(id, int.Parse(fields[1], CultureInfo.InvariantCulture), command, Time(11), Time(13));

            TimeSpan Time(int at) => TimeSpan.FromMilliseconds(
                10 * (long.Parse(fields[at], CultureInfo.InvariantCulture) + long.Parse(fields[at + 1], CultureInfo.InvariantCulture)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it has just ended
        }
    }

    private sealed record Entry(int Id, int Parent, string[] Command, TimeSpan Own, TimeSpan OfEnded);
}
