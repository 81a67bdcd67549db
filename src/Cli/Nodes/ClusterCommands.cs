using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

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
        var json = await api.GetAsync("nodes", invocation.Cancel);
        var view = ApiClient.Read<NodesAnswer>(json);
        var led = view.Leader is { Linked: true };
        if (invocation.Json)
        {
            invocation.Terminal.Line(json);
            return led ? ExitCodes.Ok : ExitCodes.Failed;
        }

        var listing = new Listing("There are no nodes.", "node", "!role", "address", "id");
        foreach (var node in view.Nodes.OrderBy(NodeOrder.Of).ThenBy(node => node.Name, StringComparer.Ordinal))
        {
            var role = node.Role + (node.Id == view.Leader?.NodeId ? ", leader" : "");
            listing.Add(node.Name, role, node.Address, node.Id);
        }

        listing.WriteTo(invocation.Terminal);
        if (!led)
        {
            invocation.Terminal.Line();
            invocation.Terminal.Line(view.Leader is { } gone
                ? $"No scheduler leads at the moment: the last leader, at {gone.Address}, is silent since {Wording.Time(gone.HeardAt)} UTC."
                : "No scheduler leads at the moment: none has told this seed that it does.");
        }

        return led ? ExitCodes.Ok : ExitCodes.Failed;
    }
}

/// <summary>Nodes are shown as the cluster is built: seeds, schedulers, workers.</summary>
internal static class NodeOrder
{
    public static int Of(NodeSummary node) => node.Role switch
    {
        "seed" => 0,
        "scheduler" => 1,
        _ => 2,
    };
}
