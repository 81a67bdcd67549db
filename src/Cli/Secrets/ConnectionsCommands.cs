using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;
using Sluice.Core.Connections;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Secrets;

/// <summary><c>sluice connections</c>.</summary>
internal static class ConnectionsCommands
{
    private static readonly Argument<string> Id = new("id") { Description = "The connection's name." };
    private static readonly Argument<string> Address = new("uri") { Description = "Its URI; - reads it from standard input, out of the shell's history." };
    private static readonly Argument<string> Source = new("file") { Description = "JSON object of names and URIs." };

    public static Command Create(CommandFactory factory)
    {
        var set = factory.Remote(
            new(
                "set",
                "Set a connection.",
                "sluice connections set warehouse postgres://etl:secret@db:5432/dwh",
                "sluice connections set weather_source sqlite:///data/production.db",
                "pass show warehouse | sluice connections set warehouse -"),
            SetAsync,
            Id, Address);
        set.Aliases.Add("add");
        return CommandFactory.Group(
            "connections",
            "Set, list and delete connections. They are stored sealed and shown masked.",
            set,
            factory.Remote(new("import", "Set all connections of a file.", "sluice connections import connections.json"), ImportAsync, Source),
            factory.Remote(new("get", "Show a connection, masked.", "sluice connections get warehouse"), GetAsync, Id),
            factory.Remote(new("list", "List connections, masked.", "sluice connections list"), ListAsync),
            factory.Remote(new("delete", "Delete a connection.", "sluice connections delete warehouse"), DeleteAsync, Id));
    }

    private static async Task<int> SetAsync(Invocation invocation, ApiClient api)
    {
        var id = invocation.Get(Id);
        var uri = await SecretInput.ReadAsync(invocation.Get(Address), invocation.Cancel);
        return invocation.Show<Changed>(
            await api.CallAsync(Operations.SetConnection, new SecretValue(id, uri), invocation.Cancel),
            _ => invocation.Terminal.Line($"Connection '{id}' is set."));
    }

    private static async Task<int> ImportAsync(Invocation invocation, ApiClient api)
    {
        var all = SecretFile.Read(invocation.Get(Source), "connections");
        foreach (var (id, uri) in all)
        {
            // All are looked at before the first is set: a file is taken whole or not at all.
            ConnectionUri.Parse(id, uri);
        }

        foreach (var (name, value) in all)
        {
            await api.CallAsync(Operations.SetConnection, new SecretValue(name, value), invocation.Cancel);
        }

        invocation.Terminal.Line(invocation.Json ? ApiJson.Serialize(new Changed(all.Count > 0)) : $"{all.Count} connections are set.");
        return ExitCodes.Ok;
    }

    private static async Task<int> GetAsync(Invocation invocation, ApiClient api)
    {
        var id = invocation.Get(Id);
        var all = await api.AskAsync<Nothing, IReadOnlyList<SecretValue>>(Operations.ListConnections, new(), invocation.Cancel);
        var found = all.FirstOrDefault(connection => connection.Id == id) ?? throw new FailureException($"There is no connection '{id}'.");
        invocation.Terminal.Line(invocation.Json ? ApiJson.Serialize(found) : Terminal.Clean(found.Value));
        return ExitCodes.Ok;
    }

    private static async Task<int> ListAsync(Invocation invocation, ApiClient api) => invocation.Show<IReadOnlyList<SecretValue>>(
        await api.CallAsync(Operations.ListConnections, new Nothing(), invocation.Cancel),
        connections =>
        {
            var listing = new Listing("There are no connections. Set one: sluice connections set ID URI", "id", "uri");
            foreach (var connection in connections)
            {
                listing.Add(connection.Id, connection.Value);
            }

            listing.WriteTo(invocation.Terminal);
        });

    private static async Task<int> DeleteAsync(Invocation invocation, ApiClient api)
    {
        var id = invocation.Get(Id);
        return invocation.Show<Changed>(
            await api.CallAsync(Operations.DeleteConnection, new SecretName(id), invocation.Cancel),
            changed => invocation.Terminal.Line(changed.Yes ? $"Connection '{id}' is deleted." : $"There was no connection '{id}'."));
    }
}
