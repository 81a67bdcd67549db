using System.CommandLine;

namespace Sluice.Cli.CommandLine;

/// <summary>The commands that host nodes; see <see cref="Hosting.NodeCommands"/>. They are listed here, and read their own flags.</summary>
internal static class NodeRoles
{
    private static readonly (string Name, string Description)[] All =
    [
        ("up", "Run everything in one process: seed, scheduler, worker, on SQLite."),
        ("seed", "Run a seed node: API and membership."),
        ("scheduler", "Run a scheduler node."),
        ("worker", "Run a worker node."),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(role => role.Name)];

    /// <summary>Finds a role at the head of a command line, or behind flags, which then are its own.</summary>
    public static (string Role, string[] Flags)? Find(string[] args)
    {
        var at = 0;
        while (at < args.Length && args[at].StartsWith("--", StringComparison.Ordinal))
        {
            at += args[at] is "--json" or "--help" || args[at].Contains('=', StringComparison.Ordinal) ? 1 : 2;
        }

        return at < args.Length && Names.Contains(args[at]) ? (args[at], [.. args[..at], .. args[(at + 1)..]]) : null;
    }

    public static IEnumerable<Command> Commands() => All.Select(role => new Command(role.Name, role.Description) { TreatUnmatchedTokensAsErrors = false });
}
