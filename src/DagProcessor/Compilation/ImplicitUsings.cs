using Sluice.Authoring.Hooks;

namespace Sluice.DagProcessor.Compilation;

/// <summary>Namespaces that a Dag file sees without saying so. <c>examples/dags/Directory.Build.props</c> lists the same for <c>dotnet run</c>.</summary>
internal static class ImplicitUsings
{
    private static readonly string[] Always =
    [
        "System",
        "System.Collections.Generic",
        "System.IO",
        "System.Linq",
        "System.Net.Http",
        "System.Threading",
        "System.Threading.Tasks",
        "Sluice.Core.Connections",
        "Sluice.Authoring.Assets",
        "Sluice.Authoring.Callbacks",
        "Sluice.Authoring.Dags",
        "Sluice.Authoring.Extraction",
        "Sluice.Authoring.Hooks",
        "Sluice.Authoring.Loading",
        "Sluice.Authoring.Operators",
        "Sluice.Authoring.Sensors",
        "Sluice.Authoring.Watermarks",
        "Sluice.Core.Assets",
        "Sluice.Core.Callbacks",
        "Sluice.Core.DagRuns",
        "Sluice.Core.Dags",
        "Sluice.Core.HumanInput",
        "Sluice.Core.RemoteJobs",
        "Sluice.Core.Schedules",
        "Sluice.Core.TaskInstances",
    ];

    /// <summary>The framework's and Authoring's, and those of all operators that there are.</summary>
    public static IReadOnlyList<string> Of(ProviderCatalog providers) =>
    [
        .. Always.Union(providers.Operators.Select(name => providers.FindOperator(name)!.Namespace!), StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];
}
