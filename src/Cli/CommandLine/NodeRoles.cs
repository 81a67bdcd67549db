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

    public static IEnumerable<Command> Commands() => All.Select(role => new Command(role.Name, role.Description) { TreatUnmatchedTokensAsErrors = false });
}
