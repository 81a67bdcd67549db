namespace Sluice.Authoring.Dags;

/// <summary>What a Dag file does when it is run by itself.</summary>
internal static class StandaloneCommand
{
    public static int Run(DagCollector dags, string[] arguments, TextWriter output, TextWriter errors)
    {
        foreach (var problem in dags.Problems)
        {
            errors.WriteLine(problem.Location is { } at ? $"{at.File}({at.Line}): {problem.Message}" : problem.Message);
        }

        foreach (var dag in dags.Definitions)
        {
            output.WriteLine(GraphText.Draw(dag.Spec));
        }

        return dags.Problems.Count == 0 ? 0 : 1;
    }
}
