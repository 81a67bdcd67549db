using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;
using Sluice.Core.Dags;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sluice.Authoring.Yaml;

/// <summary>Dags written in YAML, with the built-in operators by name. See docs/concepts/authoring.md.</summary>
public static class YamlDags
{
    /// <summary>Reads a file: one Dag per document, or a list of them under <c>dags</c>.</summary>
    /// <param name="text">The file's content.</param>
    /// <param name="file">Its name, for places of problems.</param>
    /// <param name="providers">The operators that there are.</param>
    /// <param name="readFile">Text of a template file by its name, null when there is none; left out where no folder is at hand.</param>
    /// <returns>Dags without problems, and all the problems of the others, each with its line.</returns>
    public static CheckedDags Load(string text, string file, ProviderCatalog providers, Func<string, string?>? readFile = null)
    {
        var problems = new List<DagProblem>();
        var collector = new DagCollector(providers, _ => null, readFile);
        try
        {
            var stream = new YamlStream();
            using var reader = new StringReader(text);
            stream.Load(reader);
            foreach (var document in stream.Documents)
            {
                LoadDocument(document.RootNode, file, providers, collector, problems);
            }
        }
        catch (YamlException e)
        {
            problems.Add(new($"Not readable as YAML (column {e.Start.Column}): {Innermost(e).Message}", new(file, (int)Math.Max(1, e.Start.Line))));
        }

        var found = collector.Check(DagLimits.Default);
        return found with { Problems = [.. problems, .. found.Problems] };
    }

    private static void LoadDocument(YamlNode root, string file, ProviderCatalog providers, DagCollector collector, List<DagProblem> problems)
    {
        if (root is not YamlMappingNode mapping)
        {
            problems.Add(new("A document must be a Dag (dag_id, schedule, tasks, ...) or a list of them under dags.", new(file, (int)root.Start.Line)));
            return;
        }

        var fields = new YamlFields(mapping, "the file", file, problems);
        if (!fields.Has("dags"))
        {
            new YamlDagReader(new(mapping, "the Dag", file, problems), file, providers, problems).DefineIn(collector);
            return;
        }

        foreach (var dag in fields.Mappings("dags", "the Dag"))
        {
            new YamlDagReader(dag, file, providers, problems).DefineIn(collector);
        }

        fields.RefuseOthers();
    }

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;
}
