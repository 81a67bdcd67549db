using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Secrets;

/// <summary><c>sluice variables</c>.</summary>
internal static class VariablesCommands
{
    private static readonly Argument<string> Name = new("name") { Description = "The variable's name." };
    private static readonly Argument<string> Value = new("value") { Description = "Its value; - reads it from standard input." };
    private static readonly Argument<string> Source = new("file") { Description = "JSON object of names and values." };

    public static Command Create(CommandFactory factory) => CommandFactory.Group(
        "variables",
        "Set, get, list and delete variables. Those whose name looks secret are shown masked.",
        factory.Remote(
            new("set", "Set a variable.", "sluice variables set object_store s3://company-lake", "sluice variables set offset -- -5"), SetAsync, Name, Value),
        factory.Remote(new("import", "Set all variables of a file.", "sluice variables import variables.json"), ImportAsync, Source),
        factory.Remote(new("get", "Print a variable's value.", "sluice variables get object_store"), GetAsync, Name),
        factory.Remote(new("list", "List variables.", "sluice variables list"), ListAsync),
        factory.Remote(new("delete", "Delete a variable.", "sluice variables delete object_store"), DeleteAsync, Name));

    private static async Task<int> SetAsync(Invocation invocation, ApiClient api)
    {
        var name = invocation.Get(Name);
        var value = await SecretInput.ReadAsync(invocation.Get(Value), invocation.Cancel);
        return invocation.Show<Changed>(
            await api.CallAsync(Operations.SetVariable, new SecretValue(name, value), invocation.Cancel),
            _ => invocation.Terminal.Line($"Variable '{name}' is set."));
    }

    private static async Task<int> ImportAsync(Invocation invocation, ApiClient api)
    {
        var all = SecretFile.Read(invocation.Get(Source), "variables");
        foreach (var (name, value) in all)
        {
            await api.CallAsync(Operations.SetVariable, new SecretValue(name, value), invocation.Cancel);
        }

        invocation.Terminal.Line(invocation.Json ? ApiJson.Serialize(new Changed(all.Count > 0)) : $"{all.Count} variables are set.");
        return ExitCodes.Ok;
    }

    private static async Task<int> GetAsync(Invocation invocation, ApiClient api) => invocation.Show<SecretValue>(
        await api.CallAsync(Operations.GetVariable, new SecretName(invocation.Get(Name)), invocation.Cancel),
        variable => invocation.Terminal.Line(variable.Value));

    private static async Task<int> ListAsync(Invocation invocation, ApiClient api) => invocation.Show<IReadOnlyList<SecretValue>>(
        await api.CallAsync(Operations.ListVariables, new Nothing(), invocation.Cancel),
        variables =>
        {
            var listing = new Listing("There are no variables. Set one: sluice variables set NAME VALUE", "name", "value");
            foreach (var variable in variables)
            {
                listing.Add(variable.Id, variable.Value);
            }

            listing.WriteTo(invocation.Terminal);
        });

    private static async Task<int> DeleteAsync(Invocation invocation, ApiClient api)
    {
        var name = invocation.Get(Name);
        return invocation.Show<Changed>(
            await api.CallAsync(Operations.DeleteVariable, new SecretName(name), invocation.Cancel),
            changed => invocation.Terminal.Line(changed.Yes ? $"Variable '{name}' is deleted." : $"There was no variable '{name}'."));
    }
}
