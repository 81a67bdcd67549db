using System.CommandLine;
using Sluice.Actors;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Nodes;

/// <summary><c>sluice actors</c>: the tree of actors of each node.</summary>
internal static class ActorsCommand
{
    // Numbers, and enough for the state to be read.
    private const int ColumnsForTheRest = 46;

    public static Command Create(CommandFactory factory) => factory.Remote(
        new("actors", "Show the tree of actors of each node: mailbox, processed, restarts, age, state.", "sluice actors", "sluice actors --json"),
        RunAsync);

    /// <summary>A tree in the order of its branches, each actor with its depth.</summary>
    internal static IEnumerable<(ActorSnapshot Actor, int Depth)> InOrder(IReadOnlyList<ActorSnapshot> actors)
    {
        var known = actors.Select(actor => actor.Path).ToHashSet(StringComparer.Ordinal);
        var children = actors.ToLookup(actor => actor.Parent is { } parent && known.Contains(parent) ? parent : "", StringComparer.Ordinal);
        return Below("", 0);

        IEnumerable<(ActorSnapshot, int)> Below(string parent, int depth) => children[parent]
            .OrderBy(actor => actor.Path, StringComparer.Ordinal)
            .SelectMany(actor => Below(actor.Path, depth + 1).Prepend((actor, depth)));
    }

    private static async Task<int> RunAsync(Invocation invocation, ApiClient api)
    {
        var json = await api.GetAsync("actors", invocation.Cancel);
        if (invocation.Json)
        {
            invocation.Terminal.Line(json);
            return ExitCodes.Ok;
        }

        var terminal = invocation.Terminal;
        foreach (var tree in ApiClient.Read<IReadOnlyList<NodeActors>>(json).OrderBy(tree => NodeOrder.Of(tree.Node)).ThenBy(tree => tree.Node.Name, StringComparer.Ordinal))
        {
            terminal.Line(Terminal.Clean($"{tree.Node.Name} ({tree.Node.Role})"));
            if (tree.Error is { } error)
            {
                terminal.Line("  " + Terminal.Clean(error));
            }
            else
            {
                var listing = new Listing("  No actors.", "!actor", "#mail", "#done", "#restarts", "#age", "state");
                foreach (var (actor, depth) in InOrder(tree.Actors))
                {
                    listing.Add(
                        Shortened(new string(' ', 2 * depth) + actor.Path[(actor.Path.LastIndexOf('/') + 1)..], terminal.Width - ColumnsForTheRest),
                        actor.MailboxDepth,
                        actor.Processed,
                        actor.Restarts,
                        Wording.Length(actor.Age),
                        actor.LastError is { } failure ? $"{actor.State}\nlast error: {failure}" : actor.State);
                }

                listing.WriteTo(terminal);
            }

            terminal.Line();
        }

        return ExitCodes.Ok;
    }

    private static string Shortened(string name, int width) => name.Length <= width ? name : name[..(width - 2)] + "..";
}
