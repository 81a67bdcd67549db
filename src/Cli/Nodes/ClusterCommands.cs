using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;
using Sluice.Cluster.Wire;

namespace Sluice.Cli.Nodes;

/// <summary><c>sluice cluster</c>.</summary>
internal static class ClusterCommands
{
    public static Command Create(CommandFactory factory) => CommandFactory.Group(
        "cluster",
        "Look at the nodes.",
        factory.Remote(new("status", "List the nodes, and which scheduler leads. Exit code 1 when none does.", "sluice cluster status"), StatusAsync));

    private static async Task<int> StatusAsync(Invocation invocation, ApiClient api)
    {
        var json = SeedJson.Normalize(await api.GetAsync("nodes", invocation.Cancel));
        var view = SeedJson.Read<NodesAnswer>(json);
        var led = view.Leader is { Linked: true };
        if (invocation.Json)
        {
            invocation.Terminal.Line(json);
            return led ? ExitCodes.Ok : ExitCodes.Failed;
        }

        var listing = new Listing("There are no nodes.", "node", "!role", "address", "id");
        foreach (var node in view.Nodes.OrderBy(node => node.Role).ThenBy(node => node.Name, StringComparer.Ordinal))
        {
            var role = node.Role.ToString().ToLowerInvariant() + (node.Id == view.Leader?.NodeId ? ", leader" : "");
            listing.Add(node.Name, role, node.Address, node.Id);
        }

        listing.WriteTo(invocation.Terminal);
        if (!led)
        {
            invocation.Terminal.Line();
            invocation.Terminal.Line(view.Leader is { } gone
                ? $"No leader: the last one, {gone.Address}, is gone and no other has taken over yet."
                : "No leader: no scheduler has joined yet.");
        }

        return led ? ExitCodes.Ok : ExitCodes.Failed;
    }
}

/// <summary>What a seed says of the nodes.</summary>
internal sealed record NodesAnswer(IReadOnlyList<NodeInfo> Nodes, LeaderAnswer? Leader);

/// <param name="Linked">False when the claim is old news.</param>
internal sealed record LeaderAnswer(string NodeId, string Address, long Epoch, bool Linked);
