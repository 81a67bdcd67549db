using System.CommandLine;
using System.Globalization;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Client;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Pools;

/// <summary><c>sluice pools</c>.</summary>
internal static class PoolsCommands
{
    private static readonly Argument<string> Name = new("name") { Description = "The pool's name, as tasks give it." };
    private static readonly Argument<int> Slots = new("slots") { Description = "Slots that tasks may hold at once; -1 is without limit." };
    private static readonly Option<string?> Description = new("--description") { Description = "What it protects, for people.", HelpName = "TEXT" };

    private static readonly Option<bool> IncludeDeferred = new("--include-deferred") { Description = "Async sensors take slots too while they wait." };

    public static Command Create(CommandFactory factory) => CommandFactory.Group(
        "pools",
        "Limit how many tasks use something at once, whatever Dag they are of.",
        factory.Remote(new("list", "List pools, with the slots in use and the tasks that wait.", "sluice pools list"), ListAsync),
        factory.Remote(
            new("set", "Make a pool, or change its size.", "sluice pools set production_db 4 --description 'at most four readers'", "sluice pools set anything -- -1"),
            SetAsync, Name, Slots, Description, IncludeDeferred),
        factory.Remote(new("delete", "Delete a pool. Tasks that name it wait until it is there again.", "sluice pools delete production_db"), DeleteAsync, Name));

    private static async Task<int> ListAsync(Invocation invocation, ApiClient api) => invocation.Show<IReadOnlyList<PoolSummary>>(
        await api.CallAsync(Operations.ListPools, new Nothing(), invocation.Cancel),
        pools =>
        {
            var listing = new Listing("There are no pools.", "pool", "#slots", "#used", "#deferred", "#waiting", "description");
            foreach (var pool in pools)
            {
                var slots = pool.Slots switch
                {
                    null => "none",
                    < 0 => "no limit",
                    { } some => some.ToString(CultureInfo.InvariantCulture),
                };
                listing.Add(pool.Name, slots, pool.Used, pool.IncludeDeferred ? $"{pool.Deferred} (counted)" : pool.Deferred.ToString(CultureInfo.InvariantCulture), pool.Waiting, pool.Slots is null ? "tasks name it, and nobody made it" : pool.Description);
            }

            listing.WriteTo(invocation.Terminal);
        });

    private static async Task<int> SetAsync(Invocation invocation, ApiClient api)
    {
        var request = new PoolRequest(invocation.Get(Name), invocation.Get(Slots), invocation.Find(IncludeDeferred), invocation.Find(Description));
        return invocation.Show<Changed>(
            await api.CallAsync(Operations.SetPool, request, invocation.Cancel),
            changed => invocation.Terminal.Line(changed.Yes
                ? string.Create(CultureInfo.InvariantCulture, $"Pool '{request.Name}' has {(request.Slots < 0 ? "slots without limit" : $"{request.Slots} slots")}.")
                : $"Pool '{request.Name}' was so already."));
    }

    private static async Task<int> DeleteAsync(Invocation invocation, ApiClient api)
    {
        var name = invocation.Get(Name);
        return invocation.Show<Changed>(
            await api.CallAsync(Operations.DeletePool, new PoolName(name), invocation.Cancel),
            changed => invocation.Terminal.Line(changed.Yes ? $"Pool '{name}' is deleted." : $"There was no pool '{name}'."));
    }
}
