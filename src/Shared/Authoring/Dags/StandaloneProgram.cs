using Sluice.Authoring.Connections;
using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Dags;

/// <summary>A Dag file run by itself (<c>dotnet run my_dag.cs</c>): prints its Dags when its statements have ended, or test-runs one.</summary>
internal static class StandaloneProgram
{
    private static readonly Lazy<DagCollector> Started = new(Start);

    public static DagCollector Collector => Started.Value;

    private static DagCollector Start()
    {
        var collector = new DagCollector(
            ProviderDiscovery.Load(), EnvironmentSecrets.FindVariable,
            name => Templates.TemplateFiles.Read(AppContext.GetData("EntryPointFileDirectoryPath") as string ?? Environment.CurrentDirectory, "", name));

        // The definitions come from top-level statements, so nothing of ours runs after them but this.
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            if (Environment.ExitCode == 0)
            {
                Environment.ExitCode = StandaloneCommand.Run(collector, Environment.GetCommandLineArgs()[1..], Console.Out, Console.Error);
            }
        };
        return collector;
    }
}
