namespace Sluice.DagProcessor.Compilation;

/// <summary>Namespaces that a Dag file sees without saying so. <c>examples/dags/Directory.Build.props</c> lists the same for <c>dotnet run</c>.</summary>
internal static class ImplicitUsings
{
    public static IReadOnlyList<string> Namespaces { get; } =
    [
        "System",
        "System.Collections.Generic",
        "System.IO",
        "System.Linq",
        "System.Net.Http",
        "System.Threading",
        "System.Threading.Tasks",
        "Sluice.Authoring.Connections",
        "Sluice.Authoring.Dags",
        "Sluice.Authoring.Hooks",
        "Sluice.Authoring.Operators",
        "Sluice.Authoring.Sensors",
        "Sluice.Core.Dags",
        "Sluice.Core.Schedules",
        "Sluice.Core.TaskInstances",
    ];
}
